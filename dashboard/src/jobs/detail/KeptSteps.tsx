import type { JobDetail } from "@/api/jobs/jobs";
import type { KeptStep } from "@/api/jobs/steps";
import { duration } from "@/lib/time";
import { useNow } from "@/live/live";
import { When } from "@/live/When";
import { ShowPersonal } from "@/jobs/ShowPersonal";
import { Panel } from "@/ui/Panel";
import { endOf } from "./timeline/timeline";
import { useKeptSteps } from "./useKeptSteps";
import { t } from "@/texts/en/detail";

const LONGEST = 200;
const MAY_HAVE: ReadonlySet<KeptStep["kind"]> = new Set(["step", "call", "event", "try"]);

/** List the kept steps of a job; nothing for a job without steps. */
export function KeptSteps({ job }: { job: JobDetail }) {
  const { data, error } = useKeptSteps(job);
  const now = useNow();
  if (job.steps > 0 && error) return <p className="text-sm text-red">{t.couldntLoadSteps}</p>;
  if (data === undefined || data.rows.length === 0) return null;
  return (
    <Panel
      title={t.keptSteps(data.rows.length)}
      actions={<ShowPersonal id={job.id} masked={areHidden(data.rows)} />}
    >
      <ol className="flex min-w-0 flex-col gap-1.5 text-sm">
        {data.rows.map((step) => (
          <Row key={`${step.kind} ${step.name}`} step={step} end={endOf(step, data.rows, now)} />
        ))}
      </ol>
      {data.older && <p className="mt-2 text-xs text-faint">{t.olderSteps(data.rows.length)}</p>}
    </Panel>
  );
}

/**
 * Return true if values can be hidden because they are personal: the API then sends no value at all, or none of a call.
 * A single step without a value has returned nothing, or too much to be shown.
 */
function areHidden(rows: KeptStep[]): boolean {
  const without = rows.filter(
    ({ kind, value, timedOut }) => MAY_HAVE.has(kind) && value === null && !timedOut,
  );
  const none = rows.every(({ value }) => value === null);
  return without.some(({ kind }) => none || kind === "call");
}

function Row({ step, end }: { step: KeptStep; end: number | null }) {
  return (
    <li className="flex min-w-0 flex-wrap items-baseline gap-x-2">
      <span className="text-soft">{t.stepKinds[step.kind]}</span>
      <bdi className="font-mono break-all">{step.name}</bdi>
      <span className="text-xs text-faint">
        <When at={step.at} />
        {step.tookMs !== null && `, ${duration(step.tookMs)}`}
        {step.by !== null && (
          <>
            , <bdi>{step.by}</bdi>
          </>
        )}
      </span>
      <Outcome step={step} end={end} />
    </li>
  );
}

function Outcome({ step, end }: { step: KeptStep; end: number | null }) {
  if (step.timedOut) return <span className="text-amber">{t.stepTimedOut}</span>;
  if (end !== null) return <span className="text-soft">{t.lasted(duration(end - step.at))}</span>;
  if (step.until !== null)
    return (
      <span className="text-soft">
        {t.stepUntil} <When at={step.until} />
      </span>
    );
  if (step.value === null) return null;
  const text = JSON.stringify(step.value);
  return (
    <code dir="auto" className="min-w-0 font-mono text-xs break-all text-soft">
      {text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text}
    </code>
  );
}
