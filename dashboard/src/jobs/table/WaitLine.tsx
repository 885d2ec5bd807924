import { When } from "@/live/When";
import { t } from "@/texts/en/list";

/** Show what a suspended job waits for, and until when. */
export function WaitLine({ event, until }: { event: string | null; until: number }) {
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
