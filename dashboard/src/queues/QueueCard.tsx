import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useId } from "react";
import { latency, throughput, type TypeNumbers } from "@/api/metrics";
import type { JobType } from "@/api/types";
import { ask } from "@/jobs/actions/actions";
import { newestPair } from "@/jobs/measure";
import { HOUR_SPAN, lastHour } from "@/jobs/ranges";
import { drain } from "@/jobs/rates";
import { cx } from "@/lib/cx";
import { brief, count, percent, plural } from "@/lib/format";
import { duration, spell } from "@/lib/time";
import { SERIES, usePolling } from "@/live/live";
import { useMe } from "@/session/session";
import { Button, buttonClass } from "@/ui/Button";
import { IconPlus } from "@/ui/icons";
import { JsonView } from "@/ui/JsonView";
import { Fact } from "@/ui/Panel";
import { Skeleton } from "@/ui/states";
import { Sparkline } from "@/ui/Sparkline";
import { PauseButton } from "./PauseButton";

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
        <div className="min-w-32 flex-1">
          <h2 id={id} className="truncate font-mono text-base font-semibold">
            {type.type}
          </h2>
          <p className="text-sm text-soft">{type.title}</p>
        </div>
        {can.administer && numbers && <PauseButton type={type.type} paused={numbers.paused} />}
        {can.act && (
          <Link to="/create" search={{ type: type.type }} className={buttonClass("plain", "sm")}>
            <IconPlus width={13} height={13} /> Create
          </Link>
        )}
      </header>
      {numbers?.paused && (
        <p className="flex items-center gap-2 border-t border-line px-4 py-2 text-sm">
          <span aria-hidden="true" className="hazard h-3 w-8" /> Paused. New jobs are accepted but not
          started.
        </p>
      )}
      <Depths numbers={numbers} concurrency={type.concurrency} />
      <Hour type={type.type} waiting={numbers?.byStatus.queued} />
      <DeadLetters type={type.type} numbers={numbers} canAct={can.act} />
      <Definition type={type} />
    </article>
  );
}

function Depths({ numbers, concurrency }: { numbers: TypeNumbers | undefined; concurrency: number }) {
  const oldest = numbers?.oldestQueuedAgeS ?? null;
  // One source for the counts of a card: the table. The queue also counts delayed and hidden messages.
  const running = numbers?.byStatus.processing;
  const figures = [
    ["Queued", numbers && brief(numbers.byStatus.queued), ""],
    [
      "Oldest",
      numbers && (oldest === null ? "–" : spell(oldest * 1000)),
      oldest !== null && oldest > 60 ? "text-amber" : "",
    ],
    ["Retrying", numbers && brief(numbers.byStatus.retrying), numbers?.byStatus.retrying ? "text-amber" : ""],
    ["Running", numbers && brief(numbers.byStatus.processing), ""],
  ] as const;
  return (
    <div className="border-t border-line">
      <dl className="grid grid-cols-4">
        {figures.map(([name, value, tone]) => (
          <div key={name} className="min-w-0 border-e border-line px-2 py-2.5 last:border-e-0 sm:px-4">
            <dt className="truncate text-2xs text-soft sm:text-xs">{name}</dt>
            <dd className={cx("nums text-xl font-medium tracking-tight", tone)}>
              {value ?? <Skeleton className="my-1 h-5 w-10" />}
            </dd>
          </div>
        ))}
      </dl>
      <div className="flex items-center gap-3 border-t border-line px-4 py-2 text-xs text-soft">
        <div
          role="meter"
          aria-label="Workers in use"
          aria-valuenow={Math.min(running ?? 0, concurrency)}
          aria-valuetext={running === undefined ? "unknown" : undefined}
          aria-valuemin={0}
          aria-valuemax={concurrency}
          className="h-1.5 flex-1 bg-line"
        >
          <div
            className="h-full bg-blue"
            style={{ width: `${Math.min(100, ((running ?? 0) / concurrency) * 100)}%` }}
          />
        </div>
        <span className="nums">
          {running === undefined ? "–" : count(running)} of {plural(concurrency, "worker")}
        </span>
      </div>
    </div>
  );
}

function Hour({ type, waiting }: { type: string; waiting: number | undefined }) {
  const flow = useQuery({ ...throughput(type, HOUR_SPAN, lastHour), ...usePolling(SERIES) }).data;
  const run = useQuery({ ...latency("run", type, HOUR_SPAN, lastHour), ...usePolling(SERIES) }).data;
  const wait = useQuery({ ...latency("wait", type, HOUR_SPAN, lastHour), ...usePolling(SERIES) }).data;
  const sum = (key: "completed" | "failed" | "deadLettered") =>
    flow?.points.reduce((total, point) => total + point[key], 0) ?? 0;
  const ended = sum("completed") + sum("failed") + sum("deadLettered");
  const ahead =
    flow && waiting !== undefined
      ? drain(flow.points, waiting, flow.drainEtaS === null ? null : flow.drainEtaS * 1000)
      : null;
  return (
    <div className="flex flex-col gap-3 border-t border-line px-4 py-3">
      <div>
        <p className="mb-1.5 flex justify-between text-xs text-soft">
          Completed, last hour <span className="nums text-text">{flow ? count(sum("completed")) : "…"}</span>
        </p>
        <Sparkline
          values={flow?.points.map((point) => point.completed) ?? []}
          label={`${type}: completed jobs a minute, last hour`}
          tone="text-green"
        />
      </div>
      <dl className="grid grid-cols-2 gap-x-4 gap-y-2 whitespace-nowrap sm:flex sm:justify-between">
        <Fact name="Success">{ended ? percent(sum("completed") / ended) : "–"}</Fact>
        <Fact name="Wait p50 / p95">{newestPair(wait?.points) ?? "–"}</Fact>
        <Fact name="Run p50 / p95">{newestPair(run?.points) ?? "–"}</Fact>
        <Fact name="Drains in">
          <span className={cx(ahead?.growing && "text-amber")}>{ahead?.text ?? "–"}</span>
        </Fact>
      </dl>
    </div>
  );
}

function DeadLetters({ type, numbers, canAct }: DeadLettersProps) {
  const dead = numbers?.byStatus.dead_letter;
  return (
    <div className="flex min-h-11 flex-wrap items-center gap-x-3 border-t border-line px-4 py-1.5 text-sm">
      {dead === undefined ? (
        <span className="text-soft">Dead letters: –</span>
      ) : dead === 0 ? (
        <span className="text-soft">No dead letters</span>
      ) : (
        <>
          <Link
            to="/dashboard"
            search={{ type, status: "dead_letter" }}
            className="nums text-rose underline decoration-strong underline-offset-4 hover:decoration-current"
          >
            {plural(dead, "dead letter")}
          </Link>
          {canAct && (
            <Button size="sm" className="ms-auto" onClick={() => ask({ kind: "redrive", type, count: dead })}>
              Retry all {count(dead)}
            </Button>
          )}
        </>
      )}
    </div>
  );
}

interface DeadLettersProps {
  type: string;
  numbers: TypeNumbers | undefined;
  canAct: boolean;
}

function Definition({ type }: { type: JobType }) {
  return (
    <details className="border-t border-line">
      <summary className="px-4 py-2 text-sm text-soft hover:bg-hover hover:text-text">
        Definition and schema
      </summary>
      <div className="flex flex-col gap-3 px-4 pb-4">
        <p className="text-sm break-words whitespace-pre-line text-soft">{type.description}</p>
        <dl className="grid grid-cols-3 gap-x-4 gap-y-2">
          <Fact name="Attempts">{type.maxAttempts}</Fact>
          <Fact name="Timeout">{duration(type.timeout * 1000)}</Fact>
          <Fact name="Time budget per job">{duration(type.budget * 1000)}</Fact>
          <Fact name="Batch">{type.batchSize}</Fact>
          <Fact name="Concurrency">{type.concurrency}</Fact>
          <Fact name="Memory">{count(type.memory)} MB</Fact>
        </dl>
        <JsonView value={type.schema} label={`Schema of ${type.type}`} />
      </div>
    </details>
  );
}
