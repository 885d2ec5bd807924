import { spell } from "@/lib/time";
import { count } from "@/texts/numbers";
import { t } from "@/texts/en/queues";

const UNITS: Record<number, "startsASecond" | "startsAMinute" | "startsAnHour" | "startsADay"> = {
  1: "startsASecond",
  60: "startsAMinute",
  3600: "startsAnHour",
  86400: "startsADay",
};

/** Return how often jobs may start: "14 a second"; `per` in seconds. */
export function pace({ n, per }: { n: number; per: number }): string {
  const unit = UNITS[per];
  return unit ? t[unit](count(n)) : t.startsIn(count(n), spell(per * 1000));
}
