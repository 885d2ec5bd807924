import type { JobType } from "@/api/types";
import { Button } from "@/ui/Button";
import { Field, inputClass } from "@/ui/Field";
import type { Limits, Options } from "./draft";
import type { Problems } from "@/create/fields/validate";

interface OptionsProps {
  type: JobType;
  options: Options;
  limits: Limits;
  problems: Problems;
  onChange: (change: Partial<Options>) => void;
}

/** Edit when the job starts, its attempts, tags and idempotency key. */
export function OptionsFields({ type, options, limits, problems, onChange }: OptionsProps) {
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <Field
        label="Start"
        error={problems.delay_seconds ?? problems.run_at}
        hint={options.when === "at" ? "In your local time." : undefined}
      >
        {(control) => (
          <div className="flex gap-1">
            <select
              {...control}
              className={inputClass}
              value={options.when}
              onChange={(event) => onChange({ when: event.target.value as Options["when"] })}
            >
              <option value="now">Now</option>
              <option value="delay">After a delay</option>
              <option value="at">At a set time</option>
            </select>
            {options.when === "delay" && (
              <input
                aria-label="Delay in seconds"
                inputMode="numeric"
                className={inputClass}
                placeholder="60"
                value={options.delay}
                onChange={(event) => onChange({ delay: event.target.value })}
              />
            )}
            {options.when === "at" && (
              <input
                aria-label="Date and time"
                type="datetime-local"
                step={1}
                className={inputClass}
                value={options.runAt}
                onChange={(event) => onChange({ runAt: event.target.value })}
              />
            )}
          </div>
        )}
      </Field>
      <Field
        label="Attempts"
        hint={`${Number.isFinite(limits.max_attempts) ? `1 to ${limits.max_attempts}. ` : ""}Default: ${type.maxAttempts}.`}
        error={problems.max_attempts}
      >
        {(control) => (
          <input
            {...control}
            inputMode="numeric"
            className={inputClass}
            placeholder={String(type.maxAttempts)}
            value={options.maxAttempts}
            onChange={(event) => onChange({ maxAttempts: event.target.value })}
          />
        )}
      </Field>
      <Field label="Tags" hint="Comma-separated. Used for search." error={problems.tags}>
        {(control) => (
          <input
            {...control}
            className={inputClass}
            placeholder="welcome, customer:42"
            value={options.tags}
            onChange={(event) => onChange({ tags: event.target.value })}
          />
        )}
      </Field>
      <Field
        label="Idempotency key"
        hint="Repeating this key returns the existing job."
        error={problems.idempotency_key}
      >
        {(control) => (
          <div className="flex gap-1">
            <input
              {...control}
              className={inputClass}
              autoComplete="off"
              value={options.key}
              onChange={(event) => onChange({ key: event.target.value })}
            />
            <Button onClick={() => onChange({ key: crypto.randomUUID() })}>Generate</Button>
          </div>
        )}
      </Field>
    </div>
  );
}
