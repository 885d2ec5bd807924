import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { bulkRuns, type BulkRun } from "@/api/jobs/bulkActions";
import { cx } from "@/lib/cx";
import { useStore } from "@/lib/store";
import { WATCHED, useNow, usePolling, type Pace } from "@/live/live";
import { IconButton } from "@/ui/Button";
import { IconAlert, IconCheck, IconClose, IconSpinner } from "@/ui/icons";
import { refresh } from "./actions";
import { dismiss, dismissed, shown, starting } from "./bulkRuns";
import { StopBulk } from "./StopBulk";
import { t } from "@/texts/en/bulk";

/** Milliseconds between two requests for bulk actions of other operators. */
const CALM_MS = 60_000;

/**
 * Show the newest bulk action in the top bar of every page, with its progress or its result; it leads to its page. It
 * never covers anything.
 */
export default function BulkChip() {
  const client = useQueryClient();
  const now = useNow();
  const gone = useStore(dismissed);
  const begun = useStore(starting);
  const known = useQuery(bulkRuns()).data ?? [];
  const open = known.filter((run) => run.finishedAt === null).length;
  const pace: Pace = open > 0 ? WATCHED : { atLeast: CALM_MS, calm: CALM_MS };
  useQuery({ ...bulkRuns(), ...usePolling(pace) });
  const before = useRef(open);
  useEffect(() => {
    if (open < before.current) void refresh(client);
    before.current = open;
  }, [open, client]);
  const runs = shown(known, gone, now);
  const [first] = begun;
  const [run] = runs;
  const others = runs.length + begun.length - 1;
  if (!first && !run) return null;
  return (
    <section
      aria-label={t.bulkActions}
      className="flex min-w-0 items-center gap-1 border border-line bg-panel ps-2 text-xs max-md:border-0 max-md:bg-transparent max-md:ps-0"
      data-run={first ? "starting" : run?.state}
    >
      {first ? (
        <p role="status" className={WORDS}>
          {t.progress[first.action](0, first.expected)}
        </p>
      ) : (
        run && <Run run={run} />
      )}
      {others > 0 && (
        <Link
          to="/bulk"
          aria-label={t.others(others)}
          className="nums flex h-8 min-w-6 items-center justify-center px-1 text-soft hover:text-text"
        >
          +{others}
        </Link>
      )}
    </section>
  );
}

const WORDS = "min-w-0 truncate max-lg:sr-only";

function Run({ run }: { run: BulkRun }) {
  const running = run.finishedAt === null;
  const bad = run.state === "failed" || run.problem !== null;
  const words = running
    ? t.progress[run.action](run.done, run.expected)
    : t.result[run.action](run.done, run.skipped);
  const Icon = running ? IconSpinner : bad ? IconAlert : IconCheck;
  return (
    <>
      <Link
        to="/bulk/$id"
        params={{ id: run.id }}
        className="flex h-8 min-w-7 items-center gap-1.5 text-text hover:underline hover:underline-offset-4 max-lg:justify-center"
      >
        <Icon
          width={13}
          height={13}
          className={cx("shrink-0", bad ? "text-red" : "text-green", running && "spin text-blue")}
        />
        <span role="status" className={WORDS}>
          {run.state === "failed" ? `${t.stoppedByError} ` : run.state === "stopped" ? `${t.stopped} ` : ""}
          {words}
        </span>
      </Link>
      {!running ? (
        <IconButton label={t.dismiss} className="size-7" onClick={() => dismiss(run.id)}>
          <IconClose width={12} height={12} />
        </IconButton>
      ) : (
        <StopBulk run={run} tone="ghost" className="max-md:hidden" />
      )}
    </>
  );
}
