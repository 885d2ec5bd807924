import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Fragment } from "react";
import type { JobDetail } from "@/api/jobs/jobs";
import { latency } from "@/api/numbers/metrics";
import { hasMask } from "@/api/personal";
import { cx } from "@/lib/cx";
import { dollars } from "@/lib/dollars";
import { bytes } from "@/lib/format";
import { duration } from "@/lib/time";
import { useNow } from "@/live/live";
import { When } from "@/live/When";
import { JsonView } from "@/ui/JsonView";
import { Fact, Panel } from "@/ui/Panel";
import { newestPair, ran, waited } from "@/jobs/measure";
import { ShowPersonal } from "@/jobs/ShowPersonal";
import { resultFiles } from "./preview";
import { HOUR_SPAN, lastHour } from "@/jobs/ranges";
import { linkClass } from "@/ui/link";
import { ResultFiles } from "./ResultFiles";
import { retries } from "./runs";
import { t } from "@/texts/en/detail";

/** Show the result: its files, and the value as JSON. */
export function Result({ job }: { job: JobDetail }) {
  if (job.result === null) return null;
  const files = resultFiles(job.result);
  return (
    <Panel title={t.result} actions={<ShowPersonal id={job.id} masked={hasMask(job.result)} />}>
      <div className={cx("grid items-start gap-3", files.length > 0 && "xl:grid-cols-2")}>
        {files.length > 0 && <ResultFiles files={files} />}
        <JsonView value={job.result} label={t.resultAsJson} />
      </div>
    </Panel>
  );
}

/** Say why there is no payload. */
function NoPayload({ job }: { job: JobDetail }) {
  const { payloadRemovedAt: removed, finishedAt } = job;
  const told =
    removed == null ? t.payloadNotHere : t.payloadRemoved(duration(removed - (finishedAt ?? removed)));
  return <p className="text-xs text-faint">{told}</p>;
}

export function Payload({ job }: { job: JobDetail }) {
  return (
    <Panel
      title={t.payload}
      actions={
        <>
          <ShowPersonal id={job.id} masked={hasMask(job.payload)} />
          <span className="nums pe-2 text-xs text-faint">{bytes(job.payloadBytes)}</span>
        </>
      }
    >
      {job.payload === null ? (
        <NoPayload job={job} />
      ) : (
        <JsonView value={job.payload} label={t.payloadAsJson} />
      )}
    </Panel>
  );
}

export function JobFacts({ job, className }: { job: JobDetail; className?: string }) {
  const now = useNow();
  const first = job.history.reduce<number | null>(
    (least, { startedAt }) => Math.min(least ?? startedAt, startedAt),
    null,
  );
  // an attempt that ended in a wait is not in the history, so for a job with steps the first start is not known
  const wait = first === null || job.steps > 0 ? waited(job, now) : first - job.createdAt;
  const run = ran(job, now);
  return (
    <Panel title={t.details} className={className ?? ""}>
      <dl className="grid grid-cols-2 gap-x-4 gap-y-3">
        <Fact name={t.created}>
          <When at={job.createdAt} />
        </Fact>
        <Fact name={t.updated}>
          <When at={job.updatedAt} />
        </Fact>
        <Fact name={t.queueWaitFirstStart}>{wait === null ? "–" : duration(wait)}</Fact>
        <Fact name={t.runTime}>{run === null ? "–" : duration(run)}</Fact>
        <Fact name={t.attempts}>
          {t.attemptsOf(job.attempts, job.maxAttempts)}
          {retries(job) > 0 && ` (${t.retryNumber(retries(job))})`}
        </Fact>
        <Fact name={t.typicalRunP50P95}>
          <Usual type={job.type} />
        </Fact>
        {job.costNano !== null && (
          <Fact name={t.cost}>
            <span title={t.jobCostHint}>{dollars(job.costNano)}</span>
          </Fact>
        )}
        <Fact name={t.correlationId} mono className="max-sm:col-span-2">
          {job.correlationId || "–"}
        </Fact>
        {job.traceId !== null && (
          <Fact name={t.trace} mono={job.traceUrl === null}>
            {job.traceUrl === null ? (
              job.traceId
            ) : (
              <a href={job.traceUrl} target="_blank" rel="noopener noreferrer" className={linkClass}>
                {t.openTrace}
              </a>
            )}
          </Fact>
        )}
        {job.onEnd && (
          <Fact name={t.tellsItsEndTo} mono>
            {job.onEnd}
          </Fact>
        )}
        {job.notify !== undefined && job.notify.length > 0 && (
          <Fact name={t.notifies}>
            {job.notify.map((name, at) => (
              <Fragment key={name}>
                {at > 0 && ", "}
                <Link to="/webhooks" search={{ of: name }} className={linkClass}>
                  {name}
                </Link>
              </Fragment>
            ))}
          </Fact>
        )}
        {job.priority !== undefined && job.priority !== "normal" && (
          <Fact name={t.priority}>{t.priorityName(job.priority)}</Fact>
        )}
        {job.idempotencyKey && (
          <Fact name={t.idempotencyKey} mono>
            {job.idempotencyKey}
          </Fact>
        )}
      </dl>
    </Panel>
  );
}

/** Show how long jobs of the type take. */
function Usual({ type }: { type: string }) {
  const { data } = useQuery({ ...latency("run", type, HOUR_SPAN, lastHour), staleTime: 60_000 });
  return newestPair(data?.points) ?? "–";
}
