import { hasPriorities, type JobType } from "@/api/types";
import { Button } from "@/ui/Button";
import { Field, inputClass } from "@/ui/Field";
import { newKey } from "@/lib/newKey";
import { useZone } from "@/session/prefs";
import { Chips } from "./fields/Chips";
import { pickedTime, pickerText } from "./fields/picker";
import { PriorityField } from "./fields/PriorityField";
import { tagsOf, type Limits, type Options } from "./draft";
import { KeyInUse } from "./KeyInUse";
import type { Problems } from "@/create/fields/problems";
import { t } from "@/texts/en/create";

interface OptionsProps {
  type: JobType;
  options: Options;
  limits: Limits;
  problems: Problems;
  onChange: (change: Partial<Options>) => void;
}

/** Edit when the job starts, its attempts, tags and idempotency key. */
export function OptionsFields({ type, options, limits, problems, onChange }: OptionsProps) {
  const zone = useZone();
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <Field
        label={t.start}
        error={problems.delay_seconds ?? problems.run_at}
        hint={options.when !== "at" ? undefined : zone === "utc" ? t.inUtc : t.inYourLocalTime}
      >
        {(control) => (
          <div className="flex gap-1">
            <select
              {...control}
              className={inputClass}
              value={options.when}
              onChange={(event) => onChange({ when: event.target.value as Options["when"] })}
            >
              <option value="now">{t.now}</option>
              <option value="delay">{t.afterADelay}</option>
              <option value="at">{t.atASetTime}</option>
            </select>
            {options.when === "delay" && (
              <input
                aria-label={t.delayInSeconds}
                inputMode="numeric"
                className={inputClass}
                placeholder="60"
                value={options.delay}
                onChange={(event) => onChange({ delay: event.target.value })}
              />
            )}
            {options.when === "at" && (
              <input
                aria-label={t.dateAndTime}
                type="datetime-local"
                step={1}
                className={inputClass}
                value={pickerText(options.runAt, zone)}
                onChange={(event) => onChange({ runAt: pickedTime(event.target.value, zone) })}
              />
            )}
          </div>
        )}
      </Field>
      <Field
        label={t.attempts}
        hint={t.attemptsHint(
          Number.isFinite(limits.max_attempts) ? limits.max_attempts : null,
          type.maxAttempts,
        )}
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
      {hasPriorities(type) && (
        <PriorityField
          value={options.priority}
          error={problems.priority}
          onChange={(priority) => onChange({ priority })}
        />
      )}
      <Field label={t.tags} hint={t.commaSeparatedUsedFor} error={problems.tags}>
        {(control) => (
          <Chips
            input={control}
            values={tagsOf(options.tags)}
            placeholder="welcome, customer:42"
            onChange={(tags) => onChange({ tags: tags.join(", ") })}
          />
        )}
      </Field>
      <Field
        label={t.idempotencyKey}
        hint={<KeyInUse value={options.key} />}
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
            <Button onClick={() => onChange({ key: newKey() })}>{t.generate}</Button>
          </div>
        )}
      </Field>
    </div>
  );
}
