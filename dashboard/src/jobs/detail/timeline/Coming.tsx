import type { NextAttempt } from "@/api/jobs/jobs";
import { spell } from "@/lib/time";
import { t } from "@/texts/en/detail";

/**
 * Draw when each remaining attempt may begin, counted from the end of the previous attempt: a bar from the earliest to
 * the latest time, both as the API computes them.
 */
export function Coming({ attempts }: { attempts: NextAttempt[] }) {
  const longest = Math.max(...attempts.map((one) => one.latest));
  const words = attempts.map(({ attempt, earliest, latest }) =>
    t.attemptBetween(attempt, spell(earliest * 1000), spell(latest * 1000)),
  );
  return (
    <span role="img" aria-label={words.join(", ")} className="mt-1.5 flex h-8 w-full max-w-72 gap-px">
      {attempts.map(({ attempt, earliest, latest }, at) => {
        const low = share(earliest, longest);
        return (
          <span key={attempt} title={words[at]} className="relative h-full min-w-1 flex-1 bg-line">
            <span
              className="absolute inset-x-0 min-h-0.5 bg-amber"
              style={{ bottom: percent(low), height: percent(share(latest, longest) - low) }}
            />
          </span>
        );
      })}
    </span>
  );
}

/**
 * Return the position of a wait on an axis that ends at the longest wait, in percent. The axis is logarithmic, because
 * waits grow.
 */
function share(seconds: number, longest: number): number {
  return (100 * Math.log1p(seconds)) / Math.log1p(longest);
}

function percent(number: number): string {
  return `${number.toFixed(1)}%`;
}
