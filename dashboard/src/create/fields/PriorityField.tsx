import type { Priority } from "@/api/wire";
import { Field, inputClass } from "@/ui/Field";
import { t } from "@/texts/en/create";

interface PriorityFieldProps {
  value: Priority;
  error: string | undefined;
  onChange: (next: Priority) => void;
}

/** The priorities, in the order in which jobs that wait for a limit start. */
export const PRIORITIES: readonly Priority[] = ["high", "normal", "low"];

/** Choose which of the jobs that wait for a limit go first; and which pass a backlog. */
export function PriorityField({ value, error, onChange }: PriorityFieldProps) {
  return (
    <Field label={t.priority} hint={t.priorityHint} error={error}>
      {(control) => (
        <select
          {...control}
          className={inputClass}
          value={value}
          onChange={(event) => onChange(PRIORITIES.find((one) => one === event.target.value) ?? "normal")}
        >
          {PRIORITIES.map((one) => (
            <option key={one} value={one}>
              {t.priorityName(one)}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
