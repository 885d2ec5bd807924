import { useQuery } from "@tanstack/react-query";
import { retryPreview } from "@/api/jobs/retries";
import { sentence } from "@/api/numbers/errors";
import { Field, inputClass } from "@/ui/Field";
import { t } from "@/texts/en/actions";

interface RetryFromProps {
  id: string;
  /** "start" or a kept step; null: where the job has stopped. */
  from: string | null;
  onChange: (from: string | null) => void;
}

/** Let an operator choose the step from which a job runs again, and say what is kept and what runs anew. */
export function RetryFrom({ id, from, onChange }: RetryFromProps) {
  const { data: begin } = useQuery(retryPreview(id, null));
  const { data, error } = useQuery(retryPreview(id, from));
  return (
    <>
      <Field label={t.retryFrom} className="mt-3">
        {(control) => (
          <select
            {...control}
            className={inputClass}
            value={from ?? ""}
            onChange={(event) => onChange(event.target.value || null)}
          >
            <option value="">{t.whereItStopped}</option>
            <option value="start">{t.fromTheStart}</option>
            {begin?.places.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        )}
      </Field>
      <div aria-live="polite" className="mt-3 text-xs" data-testid="retry-plan">
        {error && <p className="text-red">{sentence(error)}</p>}
        {data && (
          <dl className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-1">
            <Names label={t.isKept} names={data.older ? ["…", ...data.kept] : data.kept} />
            <Names label={t.runsAnew} names={data.anew} />
            {data.events.length > 0 && <Names label={t.eventsAgain} names={data.events} />}
          </dl>
        )}
      </div>
    </>
  );
}

function Names({ label, names }: { label: string; names: string[] }) {
  return (
    <>
      <dt className="text-soft">{label}</dt>
      <dd className="font-mono break-words">{names.length > 0 ? names.join(", ") : t.nothing}</dd>
    </>
  );
}
