import type { Costs } from "@/api/numbers/usage";
import { dollars } from "@/lib/dollars";
import { percent } from "@/lib/format";
import { duration } from "@/lib/time";
import { Fact } from "@/ui/Panel";
import { t } from "@/texts/en/usage";

/** Show the sum of the period, what it is made of, and how much of it retries cost. */
export function Summary({ total }: { total: Costs }) {
  const share = total.nano > 0 ? total.again / total.nano : 0;
  return (
    <section aria-label={t.sum} className="border border-line bg-panel px-4 py-3">
      <div className="flex flex-wrap items-baseline gap-x-4 gap-y-1">
        <p className="nums text-2xl font-medium tracking-tight" data-testid="total">
          {dollars(total.nano)}
        </p>
        <p className="nums text-sm text-soft">{t.used(total.jobs, total.attempts, duration(total.runMs))}</p>
        {total.retries > 0 && (
          <p className="nums text-sm text-amber">
            {t.retriesCost(total.retries, dollars(total.again), percent(share))}
          </p>
        )}
      </div>
      <dl className="mt-3 grid grid-cols-2 gap-x-4 gap-y-2 sm:grid-cols-5">
        <Fact name={t.run}>{dollars(total.run)}</Fact>
        <Fact name={t.requests}>{dollars(total.requests)}</Fact>
        <Fact name={t.storing}>{dollars(total.storing)}</Fact>
        <Fact name={t.counting}>{dollars(total.counting)}</Fact>
        <Fact name={t.keeping}>{dollars(total.keeping)}</Fact>
      </dl>
    </section>
  );
}
