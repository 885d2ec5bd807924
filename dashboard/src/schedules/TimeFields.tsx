import type { Settings } from "@/api/queues/schedules";
import { PriorityField } from "@/create/fields/PriorityField";
import type { Problems } from "@/create/fields/problems";
import { Field, inputClass } from "@/ui/Field";
import { t } from "@/texts/en/schedules";

interface TimeFieldsProps {
  /** The name of a new schedule; null for a schedule whose name cannot change. */
  id: string | null;
  onId: (next: string) => void;
  settings: Settings;
  problems: Problems;
  onChange: (part: Partial<Settings>) => void;
  /** Whether the priorities of the type's jobs have an effect. */
  ranked: boolean;
}

const MANY = [0, 1, 5, 20, 100];

/** Edit when the schedule fires, and what happens to firings that are missed or overlap. */
export function TimeFields({ id, onId, settings, problems, onChange, ranked }: TimeFieldsProps) {
  const amounts = MANY.includes(settings.catchUp) ? MANY : [...MANY, settings.catchUp];
  return (
    <div className="grid gap-3 sm:grid-cols-2">
      {id !== null && (
        <Field label={t.name} hint={t.nameHint} error={problems.id} required className="sm:col-span-2">
          {(control) => (
            <input
              {...control}
              className={inputClass}
              value={id}
              maxLength={40}
              autoComplete="off"
              onChange={(event) => onId(event.target.value)}
            />
          )}
        </Field>
      )}
      <Field label={t.cron} hint={t.cronHint} error={problems.cron} required>
        {(control) => (
          <input
            {...control}
            className={`${inputClass} font-mono`}
            value={settings.cron}
            maxLength={100}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => onChange({ cron: event.target.value })}
          />
        )}
      </Field>
      <Field label={t.timezone} hint={t.timezoneHint} error={problems.timezone} required>
        {(control) => (
          <input
            {...control}
            className={inputClass}
            value={settings.timezone}
            maxLength={40}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => onChange({ timezone: event.target.value })}
          />
        )}
      </Field>
      <Field label={t.catchUp} hint={t.catchUpHint} error={problems.catch_up}>
        {(control) => (
          <select
            {...control}
            className={inputClass}
            value={settings.catchUp}
            onChange={(event) => onChange({ catchUp: Number(event.target.value) })}
          >
            {amounts.map((count) => (
              <option key={count} value={count}>
                {count === 0 ? t.catchUpNone : count === 1 ? t.catchUpOne : t.catchUpMany(count)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={t.overlap} error={problems.overlap}>
        {(control) => (
          <select
            {...control}
            className={inputClass}
            value={settings.overlap}
            onChange={(event) => onChange({ overlap: event.target.value === "skip" ? "skip" : "allow" })}
          >
            <option value="allow">{t.overlapAllow}</option>
            <option value="skip">{t.overlapSkip}</option>
          </select>
        )}
      </Field>
      {ranked && (
        <PriorityField
          value={settings.priority}
          error={problems.priority}
          onChange={(priority) => onChange({ priority })}
        />
      )}
    </div>
  );
}
