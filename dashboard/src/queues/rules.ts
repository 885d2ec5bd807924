import type { JobType } from "@/api/types";
import { spell } from "@/lib/time";
import { count } from "@/texts/numbers";
import { pace } from "./pace";
import { t } from "@/texts/en/queues";

/** Return the names and texts of the settings that a type declares, such as its rate; nothing for the others. */
export function rules({
  rate,
  limits,
  rates,
  urgent,
  fairBy,
  serialBy,
  queue,
  unique,
  pauseWhen,
  retryOn,
  failOn,
  expires,
  onEnd,
}: JobType): [name: string, text: string][] {
  const found: [string, string | null][] = [
    [t.retryOn, retryOn.join(", ") || null],
    [t.failOn, failOn.join(", ") || null],
    [t.expires, expires === null ? null : t.expiresAfter(spell(expires))],
    [t.onEnd, onEnd],
    [t.rate, rate && (rate.burst > 0 ? t.withBurst(pace(rate), count(rate.burst)) : pace(rate))],
    [t.atMost, limits.map(({ n, by, shared }) => t.runAtOnce(count(n), by, shared)).join("; ") || null],
    [
      t.startsAtMost,
      rates
        .map(({ n, per, burst, by, shared }) => {
          const each = burst > 0 ? t.withBurst(pace({ n, per }), count(burst)) : pace({ n, per });
          return t.startsFor(each, by, shared);
        })
        .join("; ") || null,
    ],
    [t.urgentQueue, urgent ? t.urgentJobs : null],
    [t.fairBy, fairBy],
    [t.serialBy, serialBy],
    [t.sharedQueue, queue && t.sharesQueue(queue)],
    [t.unique, unique && t.uniqueFor(spell(unique.ms), unique.by.join(", "))],
    [t.pauseWhen, pauseWhen && t.pausesAfter(count(pauseWhen.of), spell(pauseWhen.within))],
  ];
  return found.filter((one): one is [string, string] => one[1] !== null);
}
