import { spell } from "@/lib/time";
import { count } from "@/texts/numbers";
import { t } from "@/texts/en/queues";

interface PaceNoteProps {
  rate: { n: number; per: number } | null;
  /** Seconds that the waiting jobs take to start at this rate. */
  pacedForS: number | null | undefined;
}

/** Say how often jobs of a type may start, and how long that makes what waits. */
export function PaceNote({ rate, pacedForS }: PaceNoteProps) {
  if (rate === null) return null;
  const unit = UNITS[rate.per];
  const pace = unit ? t[unit](count(rate.n)) : t.startsIn(count(rate.n), spell(rate.per * 1000));
  return (
    <p className="nums border-t border-line px-4 py-2 text-sm text-soft">
      {pacedForS && pacedForS >= 1 ? t.pacedFor(pace, spell(pacedForS * 1000)) : pace}
    </p>
  );
}

const UNITS: Record<number, "startsASecond" | "startsAMinute" | "startsAnHour" | "startsADay"> = {
  1: "startsASecond",
  60: "startsAMinute",
  3600: "startsAnHour",
  86400: "startsADay",
};
