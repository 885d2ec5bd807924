import { shortId } from "@/lib/format";
import { When } from "@/live/When";
import { t } from "@/texts/en/list";

/** Show what a suspended job waits for, and until when. */
export function WaitLine({ event, job, until }: { event: string | null; job: string | null; until: number }) {
  if (job !== null)
    return (
      <span className="block min-w-0 truncate text-xs text-soft">
        {t.waitsForJob} <span className="font-mono text-violet">{shortId(job)}</span>
      </span>
    );
  return (
    <span className="block min-w-0 truncate text-xs text-soft">
      {event === null ? (
        t.sleepsUntil
      ) : (
        <>
          {t.waitsFor} <bdi className="font-mono text-violet">{event}</bdi>, {t.timesOut}
        </>
      )}{" "}
      <When at={until} />
    </span>
  );
}
