import { useQuery } from "@tanstack/react-query";
import { sentence } from "@/api/numbers/errors";
import { health } from "@/api/numbers/health";
import { metrics, throughput } from "@/api/numbers/metrics";
import { judge } from "@/jobs/health/health";
import { HOUR_SPAN, lastHour } from "@/jobs/ranges";
import { brief } from "@/lib/format";
import { SERIES, STEADY, usePolling } from "@/live/live";
import { useSession } from "@/session/session";
import { Skeleton } from "@/ui/states";
import { Sparkline } from "@/ui/Sparkline";
import { t } from "@/texts/en/landing";

/** Show four numbers of the running system; without a token, how to get them. */
export function LiveNumbers() {
  const { token } = useSession();
  const enabled = token !== null;
  const now = useQuery({ ...metrics(), ...usePolling(STEADY), enabled });
  const ranked = useQuery({ ...health(), ...usePolling({ atLeast: 4000 }), enabled });
  const hour = useQuery({ ...throughput(undefined, HOUR_SPAN, lastHour), ...usePolling(SERIES), enabled });
  if (!enabled) {
    return <p className="mx-auto max-w-6xl px-4 py-6 text-sm text-soft sm:px-8">{t.signInToThe}</p>;
  }
  const data = now.data;
  const figures = [
    [t.jobsSoFar, data?.total],
    [t.inProgress, data && data.byStatus.queued + data.byStatus.processing + data.byStatus.retrying],
    [t.completed, data?.byStatus.completed],
    [t.deadLetters, data?.byStatus.dead_letter],
  ] as const;
  return (
    <section aria-label={t.thisSystemLive} className="bg-panel">
      <p aria-live="polite" className="mx-auto max-w-6xl px-4 pt-5 text-sm font-medium sm:px-8">
        {data && ranked.data
          ? judge(ranked.data, data, data.asOf)[0].sentence
          : now.isError
            ? sentence(now.error)
            : t.loading}
      </p>
      <div className="mx-auto grid max-w-6xl grid-cols-2 gap-x-4 gap-y-5 px-4 pt-3 pb-6 sm:grid-cols-3 sm:px-8 lg:grid-cols-[repeat(4,minmax(0,1fr))_minmax(0,2fr)]">
        {figures.map(([name, value]) => (
          <div key={name}>
            <p className="text-xs text-soft">{name}</p>
            <p className="nums text-3xl font-medium tracking-tight">
              {value === undefined ? (
                now.isError ? (
                  "–"
                ) : (
                  <Skeleton className="my-1 h-7 w-16" />
                )
              ) : (
                brief(value)
              )}
            </p>
          </div>
        ))}
        <div className="col-span-2 sm:col-span-2 lg:col-span-1">
          <p className="mb-1 text-xs text-soft">{t.completedAMinuteLast}</p>
          <Sparkline
            values={hour.data?.points.map((point) => point.completed) ?? []}
            label={t.completedJobsAMinute}
            tone="text-accent-text"
            className="h-8"
          />
        </div>
      </div>
    </section>
  );
}
