import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { Link } from "@tanstack/react-router";
import { bulkRuns, stopBulk, type BulkRun } from "@/api/jobs/bulkActions";
import { count } from "@/texts/numbers";
import { shortId } from "@/lib/format";
import { useStore } from "@/lib/store";
import { useNow, usePolling, type Pace } from "@/live/live";
import { useMe } from "@/session/session";
import { Button, IconButton } from "@/ui/Button";
import { IconClose } from "@/ui/icons";
import { refresh } from "./actions";
import { dismiss, dismissed, shown, starting } from "./bulkRuns";
import { report } from "./outcome";
import { t } from "@/texts/en/bulk";

/** Milliseconds between two requests for bulk actions of other operators. */
const CALM_MS = 60_000;
const MOST_REASONS = 5;

/** Show the bulk actions of the platform with their progress and results, on every page and in every tab. */
export default function BulkList() {
  const client = useQueryClient();
  const now = useNow();
  const gone = useStore(dismissed);
  const begun = useStore(starting);
  const known = useQuery(bulkRuns()).data ?? [];
  const open = known.filter((run) => run.finishedAt === null).length;
  const pace: Pace = open > 0 ? { busy: true } : { atLeast: CALM_MS, calm: CALM_MS };
  useQuery({ ...bulkRuns(), ...usePolling(pace) });
  const before = useRef(open);
  useEffect(() => {
    if (open < before.current) void refresh(client);
    before.current = open;
  }, [open, client]);
  const runs = shown(known, gone, now);
  if (runs.length + begun.length === 0) return null;
  return (
    <section
      aria-label={t.bulkActions}
      className="fixed start-3 bottom-16 z-40 flex max-h-[60vh] w-80 max-w-[calc(100vw-1.5rem)] flex-col gap-2 overflow-y-auto sm:bottom-4"
    >
      {begun.map(({ key, action, expected }) => (
        <article key={key} className={CARD} data-run="starting">
          <p role="status" className="font-medium">
            {t.progress[action](0, expected)}
          </p>
        </article>
      ))}
      {runs.map((run) => (
        <RunCard key={run.id} run={run} />
      ))}
    </section>
  );
}

const CARD = "pop border border-strong bg-panel p-3 text-sm shadow-float";

function RunCard({ run }: { run: BulkRun }) {
  const { can } = useMe();
  const client = useQueryClient();
  const stop = useMutation({
    mutationFn: () => stopBulk(run.id),
    onError: report,
    onSettled: () => client.invalidateQueries({ queryKey: bulkRuns().queryKey }),
  });
  const running = run.finishedAt === null;
  const words = running
    ? t.progress[run.action](run.done, run.expected)
    : t.result[run.action](run.done, run.skipped);
  return (
    <article className={CARD} data-run={run.state}>
      <div className="flex items-start gap-2">
        <p role="status" className="min-w-0 flex-1 font-medium">
          {run.state === "failed" ? `${t.stoppedByError} ` : run.state === "stopped" ? `${t.stopped} ` : ""}
          {words}
        </p>
        {!running ? (
          <IconButton label={t.dismiss} className="size-7" onClick={() => dismiss(run.id)}>
            <IconClose />
          </IconButton>
        ) : can.act ? (
          <Button
            size="sm"
            disabled={stop.isPending || run.state === "stopping"}
            onClick={() => stop.mutate()}
          >
            {run.state === "stopping" ? t.stopping : t.stop}
          </Button>
        ) : null}
      </div>
      {running && <Progress run={run} />}
      {running && (
        <p className="nums mt-1 text-xs text-soft">
          {run.perSecond !== null && `${t.aSecond(count(Math.round(run.perSecond)))} · `}
          {run.skipped > 0 && `${t.skippedToo(count(run.skipped))} · `}
          {t.startedBy(run.startedBy)}
        </p>
      )}
      {run.problem && <p className="mt-1 text-xs break-words text-red">{t.problem(run.problem)}</p>}
      {!running && <Reasons reasons={run.reasons} />}
    </article>
  );
}

function Progress({ run: { matched, expected } }: { run: BulkRun }) {
  if (!expected) return null;
  const share = Math.min(100, (matched / expected) * 100);
  return (
    <div
      role="progressbar"
      aria-label={t.bulkActions}
      aria-valuenow={Math.round(share)}
      aria-valuemin={0}
      aria-valuemax={100}
      className="mt-2 h-1.5 bg-line"
    >
      <div className="h-full bg-blue transition-[width] duration-500" style={{ width: `${share}%` }} />
    </div>
  );
}

/** Say why jobs were skipped, each reason with one job as an example. */
function Reasons({ reasons }: { reasons: BulkRun["reasons"] }) {
  if (reasons.length === 0) return null;
  return (
    <ul className="mt-1 list-inside list-disc text-xs text-soft">
      {reasons.slice(0, MOST_REASONS).map(({ reason, jobs, samples }) => (
        <li key={reason}>
          {t.becauseOf(jobs, reason)}
          {samples[0] && (
            <>
              {" "}
              <Link
                to="/jobs/$id"
                params={{ id: samples[0] }}
                className="font-mono underline decoration-strong underline-offset-4 hover:text-text"
              >
                {shortId(samples[0])}
              </Link>
            </>
          )}
        </li>
      ))}
    </ul>
  );
}
