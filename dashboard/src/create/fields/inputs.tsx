import { useState } from "react";
import { cx } from "@/lib/cx";
import { parseJson, pretty, stringify, toInteger, type Json } from "@/lib/json";
import { inputClass } from "@/ui/Field";
import { canPick } from "./picker";
import { Picker } from "./Pickers";
import type { InputProps } from "./props";
import type { FieldSpec } from "./controls";

function example(field: FieldSpec): string {
  return words(field.example);
}

/** Return a value as text. */
export function words(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : stringify(value);
}

export function NumberInput({ input, field, value, onChange }: InputProps & { field: FieldSpec }) {
  return (
    <input
      {...input}
      inputMode="decimal"
      autoComplete="off"
      className={cx(inputClass, "nums")}
      placeholder={field.required ? example(field) : words(field.fallback) || example(field)}
      value={words(value)}
      onChange={(event) => {
        const text = event.target.value.trim();
        // A text that is not a number stays as typed; the validator reports it.
        onChange(text === "" ? undefined : numberOf(text));
      }}
    />
  );
}

function numberOf(text: string): Json {
  if (/^-?\d+$/.test(text)) return toInteger(text);
  return /^-?\d+\.\d+$/.test(text) ? Number(text) : text;
}

export function TextInput({
  input,
  field,
  control,
  value,
  onChange,
}: InputProps & { field: FieldSpec; control: Extract<FieldSpec["control"], { kind: "text" }> }) {
  const text = typeof value === "string" ? value : value == null ? "" : stringify(value);
  const change = (next: string) => onChange(next === "" && !field.required ? undefined : next);
  if (control.long) {
    return (
      <textarea
        {...input}
        dir="auto"
        rows={3}
        className={cx(inputClass, "h-auto py-1.5")}
        placeholder={example(field)}
        value={text}
        onChange={(event) => change(event.target.value)}
      />
    );
  }
  if (canPick(control.format, text))
    return (
      <Picker format={control.format} input={input} label={field.title} value={text} onChange={change} />
    );
  return (
    <input
      {...input}
      dir="auto"
      type={control.format === "email" || control.format === "date" ? control.format : "text"}
      autoComplete="off"
      className={inputClass}
      placeholder={example(field)}
      value={text}
      onChange={(event) => change(event.target.value)}
    />
  );
}

/** Edit any other value as JSON; text that is not valid JSON stays as typed. */
export function JsonInput({ input, value, onChange }: InputProps) {
  const [text, setText] = useState(value === undefined ? "" : pretty(value));
  return (
    <textarea
      {...input}
      rows={4}
      spellCheck={false}
      className={cx(inputClass, "h-auto py-1.5 font-mono text-xs")}
      value={text}
      onChange={(event) => {
        setText(event.target.value);
        const read = parseJson(event.target.value);
        onChange(event.target.value.trim() === "" ? undefined : read.ok ? read.value : event.target.value);
      }}
    />
  );
}
