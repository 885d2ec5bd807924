import { useState, type ClipboardEvent, type KeyboardEvent } from "react";
import { cx } from "@/lib/cx";
import { IconClose } from "@/ui/icons";
import { t } from "@/texts/en/create";

interface ChipsProps {
  /** Id and description of the field, for its input. */
  input: { id: string; "aria-describedby"?: string; "aria-invalid"?: true };
  values: string[];
  onChange: (next: string[]) => void;
  placeholder?: string;
  /** The indexes of refused values. */
  wrong?: ReadonlySet<number>;
}

/**
 * Edit short texts as chips: Enter, a comma or leaving the field adds the typed text; Backspace removes the last chip.
 */
export function Chips({ input, values, onChange, placeholder, wrong }: ChipsProps) {
  const [text, setText] = useState("");
  const add = (typed: string) => {
    const found = typed.split(",").map((one) => one.trim());
    const next = [...new Set([...values, ...found.filter(Boolean)])];
    if (next.length > values.length) onChange(next);
    setText("");
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === "Enter" && text.trim()) {
      event.preventDefault(); // Enter adds a chip, and does not submit the form
      add(text);
    } else if (event.key === "Backspace" && text === "" && values.length > 0) onChange(values.slice(0, -1));
  };
  const paste = (event: ClipboardEvent) => {
    const pasted = event.clipboardData.getData("text");
    if (!/[,\n]/.test(pasted)) return;
    event.preventDefault();
    add(`${text}${pasted.replace(/\s*\n\s*/g, ",")}`);
  };
  return (
    <div className="flex min-h-8 flex-wrap items-center gap-1 border border-line bg-bg p-[3px] focus-within:border-accent-text hover:border-strong">
      {values.map((value, at) => (
        <span
          key={value}
          className={cx(
            "flex max-w-full items-center border ps-1.5",
            wrong?.has(at) ? "border-red text-red" : "border-line",
          )}
        >
          <span dir="auto" className="truncate font-mono text-xs">
            {value}
          </span>
          <button
            type="button"
            aria-label={t.removeChip(value)}
            onClick={() => onChange(values.filter((one) => one !== value))}
            className="flex size-6 shrink-0 items-center justify-center text-soft hover:text-text"
          >
            <IconClose width={10} height={10} />
          </button>
        </span>
      ))}
      <input
        {...input}
        className="h-6 min-w-24 flex-1 bg-transparent px-1 text-sm outline-none"
        autoComplete="off"
        placeholder={values.length === 0 ? placeholder : undefined}
        value={text}
        onChange={({ target }) => (target.value.endsWith(",") ? add(target.value) : setText(target.value))}
        onKeyDown={press}
        onPaste={paste}
        onBlur={() => add(text)}
      />
    </div>
  );
}
