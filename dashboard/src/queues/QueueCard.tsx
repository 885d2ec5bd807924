import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useId } from "react";
import { flows, type Durations } from "@/api/numbers/flow";
import type { TypeNumbers } from "@/api/numbers/metrics";
import type { JobType } from "@/api/types";
import { drain } from "@/jobs/rates";
import { queueName } from "@/jobs/queueName";
import { cx } from "@/lib/cx";
import { percent } from "@/lib/format";
import { duration } from "@/lib/time";
import { count } from "@/texts/numbers";
import { SERIES, usePolling } from "@/live/live";
import { useMe } from "@/session/session";
import { Fact } from "@/ui/Panel";
import { Sparkline } from "@/ui/Sparkline";
import { linkClass } from "@/ui/link";
import { Controls, PausedNote, RetiredNote } from "./Controls";
import { DeadLetters } from "./DeadLetters";
import { Definition } from "./Definition";
import { Depths } from "./Depths";
import { PaceNote } from "./PaceNote";
import { t } from "@/texts/en/queues";

interface QueueCardProps {
  type: JobType;
  numbers: TypeNumbers | undefined;
}

/** Show one job type: its backlog, speed, failures and controls. */
export function QueueCard({ type, numbers }: QueueCardProps) {
  const { can } = useMe();
  const id = useId();
  return (
    <article aria-labelledby={id} className="flex min-w-0 flex-col border border-line bg-panel">
      <header className="flex flex-wrap items-start gap-2 p-4 pb-3">
        <div className="min-w-32 flex-1 max-[359px]:basis-full">
          <h2 id={id} className="truncate font-mono text-base font-semibold">
            <Link to="/queues/$queue" params={{ queue: queueName(type.type) }} className={linkClass}>
              {type.type}
            </Link>
          </h2>
          <p className="text-sm text-soft">{type.title}</p>
        </div>
        <Controls type={type} numbers={numbers} />
      </header>
      <RetiredNote retired={type.retired} />
      <PausedNote numbers={numbers} queue={type.queue} />
      <Depths numbers={numbers} concurrency={type.concurrency} />
      <PaceNote rate={type.rate} pacedForS={numbers?.pacedForS} />
      <Hour type={type.type} waiting={numbers?.byStatus.queued} />
      <DeadLetters type={type.type} numbers={numbers} canAct={can.act} />
      <Definition type={type} />
    </article>
  );
}

function Hour({ type, waiting }: { type: string; waiting: number | undefined }) {
  const flow = useQuery({ ...flows(), ...usePolling(SERIES) }).data?.[type];
  const { completed = 0, failed = 0, deadLettered = 0 } = flow?.lastHour ?? {};
  const ended = completed + failed + deadLettered;
  const ahead = flow && waiting !== undefined ? drain(flow, waiting) : null;
  return (
    <div className="flex flex-col gap-3 border-t border-line px-4 py-3">
      <div>
        <p className="mb-1.5 flex justify-between text-xs text-soft">
          {t.completedLastHour} <span className="nums text-text">{flow ? count(completed) : "…"}</span>
        </p>
        <Sparkline
          values={flow?.completedByMinute ?? []}
          label={t.completedJobsAMinute(type)}
          tone="text-green"
        />
      </div>
      <dl className="grid grid-cols-2 gap-x-4 gap-y-2 whitespace-nowrap sm:flex sm:justify-between">
        <Fact name={t.success}>{ended ? percent(completed / ended) : "–"}</Fact>
        <Fact name={t.waitP50P95}>{pairOf(flow?.wait) ?? "–"}</Fact>
        <Fact name={t.runP50P95}>{pairOf(flow?.run) ?? "–"}</Fact>
        <Fact name={ahead && !ahead.drains ? t.backlog : t.emptyIn}>
          <span className={cx(ahead?.growing && "text-amber")}>{ahead?.text ?? "–"}</span>
        </Fact>
      </dl>
    </div>
  );
}

/** Return p50 and p95 as text; null if nothing was measured. */
function pairOf(times: Durations | undefined): string | null {
  return times?.p50 == null ? null : `${duration(times.p50)} / ${duration(times.p95 ?? times.p50)}`;
}
