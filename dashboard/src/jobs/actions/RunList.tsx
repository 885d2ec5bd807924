import { count } from "@/texts/numbers";
import { useStore } from "@/lib/store";
import { useNow } from "@/live/live";
import { Button, IconButton } from "@/ui/Button";
import { IconClose } from "@/ui/icons";
import { progressOf, reasons, result } from "./bulkWords";
import { dismiss, runs, type Run } from "./runs";
import { t } from "@/texts/en/actions";

/** Show the bulk actions of this tab with their progress and results, on every page. */
export default function RunList() {
  const all = useStore(runs);
  if (all.length === 0) return null;
  return (
    <section
      aria-label={t.bulkActions}
      className="fixed start-3 bottom-16 z-40 flex w-80 max-w-[calc(100vw-1.5rem)] flex-col gap-2 sm:bottom-4"
    >
      {all.map((run) => (
        <RunCard key={run.id} run={run} />
      ))}
    </section>
  );
}

function RunCard({ run }: { run: Run }) {
  const { question, sum, counted, state, problem } = run;
  const running = state === "running";
  const words = running ? progressOf(question, sum.done, counted) : result(question, sum);
  return (
    <article className="pop border border-strong bg-panel p-3 text-sm shadow-float" data-run={state}>
      <div className="flex items-start gap-2">
        <p role="status" className="min-w-0 flex-1 font-medium">
          {state === "failed" ? t.stoppedByError : state === "stopped" ? t.stopped : ""}
          {words}
        </p>
        {running ? (
          <Button size="sm" onClick={run.stop}>
            {t.stop}
          </Button>
        ) : (
          <IconButton label={t.dismiss} className="size-7" onClick={() => dismiss(run.id)}>
            <IconClose />
          </IconButton>
        )}
      </div>
      {running && <Speed run={run} />}
      {problem && <p className="mt-1 text-xs break-words text-red">{problem}</p>}
      {!running && sum.skipped.length > 0 && (
        <ul className="mt-1 list-inside list-disc text-xs text-soft">
          {reasons(sum).map(([reason, n]) => (
            <li key={reason}>
              {t.jobCount(n)}: {reason}
            </li>
          ))}
        </ul>
      )}
    </article>
  );
}

function Speed({ run: { sum, startedAt } }: { run: Run }) {
  const now = useNow();
  const seconds = Math.max(1, (now - startedAt) / 1000);
  return (
    <p className="nums mt-1 text-xs text-soft">
      {t.aSecond(count(Math.round(sum.done / seconds)))}
      {sum.skipped.length > 0 && ` · ${t.skippedToo(count(sum.skipped.length))}`}
    </p>
  );
}
