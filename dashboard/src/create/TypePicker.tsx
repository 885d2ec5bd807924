import type { JobType } from "@/api/types";
import { cx } from "@/lib/cx";
import { t } from "@/texts/en/create";

/** Choose the job type. */
export function TypePicker({
  types,
  value,
  onChange,
}: {
  types: JobType[];
  value: JobType;
  onChange: (next: JobType) => void;
}) {
  return (
    <fieldset>
      <legend className="sr-only">{t.type}</legend>
      <div className="grid gap-2 sm:grid-cols-3">
        {types.map((one) => (
          <label
            key={one.type}
            className={cx(
              "flex min-w-0 flex-col border p-3 transition-colors has-[:focus-visible]:outline-2 has-[:focus-visible]:outline-offset-1",
              one === value ? "border-accent-text bg-wash" : "border-line bg-panel hover:border-strong",
            )}
          >
            <input
              type="radio"
              name="type"
              className="sr-only"
              checked={one === value}
              onChange={() => onChange(one)}
            />
            <span className="truncate font-mono text-sm font-semibold">{one.type}</span>
            <span className="text-xs text-soft">{one.title}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
