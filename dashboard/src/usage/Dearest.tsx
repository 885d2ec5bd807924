import { Link } from "@tanstack/react-router";
import type { DearRun } from "@/api/numbers/usage";
import { StatusChip } from "@/jobs/StatusChip";
import { cx } from "@/lib/cx";
import { dollars } from "@/lib/dollars";
import { shortId } from "@/lib/format";
import { duration } from "@/lib/time";
import { When } from "@/live/When";
import { linkClass } from "@/ui/link";
import { t } from "@/texts/en/usage";

/** List the dearest runs, with their jobs and the status of the job after the run. */
export function Dearest({ runs }: { runs: readonly DearRun[] }) {
  return (
    <>
      {runs.length === 0 && <p className="p-4 text-sm text-soft">{t.noDearest}</p>}
      <ol className="divide-y divide-line">
        {runs.map((run) => (
          <li
            key={`${run.id} ${run.startedAt}`}
            className="flex flex-wrap items-center gap-x-2 gap-y-1 px-4 sm:gap-x-3 py-2 text-sm"
          >
            <span className="nums w-24 shrink-0 font-medium">{dollars(run.nano)}</span>
            <span className="nums w-16 shrink-0 text-soft">{duration(run.runMs)}</span>
            <Link to="/jobs/$id" params={{ id: run.id }} className={cx(linkClass, "font-mono text-xs")}>
              {shortId(run.id)}
            </Link>
            <span className="min-w-0 break-words max-sm:flex-1 max-sm:basis-24">{run.type}</span>
            {run.status === "processing" ? (
              <span className="text-xs text-amber">{t.workerLost}</span>
            ) : (
              <StatusChip status={run.status} />
            )}
            <When at={run.startedAt} className="nums ms-auto text-xs whitespace-nowrap text-soft" />
          </li>
        ))}
      </ol>
      <p className="border-t border-line px-4 py-2 text-xs text-faint">{t.dearestHint}</p>
    </>
  );
}
