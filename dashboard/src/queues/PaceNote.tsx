import { spell } from "@/lib/time";
import { pace } from "./pace";
import { t } from "@/texts/en/queues";

interface PaceNoteProps {
  rate: { n: number; per: number } | null;
  /** Seconds until the waiting jobs have started at this rate. */
  pacedForS: number | null | undefined;
}

/** Say how often jobs of a type may start, and how long the waiting jobs therefore take. */
export function PaceNote({ rate, pacedForS }: PaceNoteProps) {
  if (rate === null) return null;
  const text = pace(rate);
  return (
    <p className="nums border-t border-line px-4 py-2 text-sm text-soft">
      {pacedForS && pacedForS >= 1 ? t.pacedFor(text, spell(pacedForS * 1000)) : t.startsAt(text)}
    </p>
  );
}
