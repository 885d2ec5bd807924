import { useQuery } from "@tanstack/react-query";
import { depth, throughput } from "@/api/numbers/metrics";
import { oldestWait } from "@/api/numbers/oldest";
import { absence } from "@/charts/absence";
import { chartRange } from "@/jobs/ranges";
import { spell } from "@/lib/time";
import { usePolling } from "@/live/live";
import { Sparkline } from "@/ui/Sparkline";
import type { Past } from "./past";
import { t } from "@/texts/en/health";

/** The charts of the type's page use the same answers. */
const SPAN = "24h";
const range = () => chartRange(SPAN);
/** A bar is an hour. */
const HOURLY = { atLeast: 60_000, calm: 60_000 };

/** Show the last 24 hours of a finding, one bar for each hour. */
export function PastStrip({ type, past }: { type: string; past: Past }) {
  const polling = usePolling(HOURLY);
  const events = past === "dead" || past === "failed";
  const flow = useQuery({ ...throughput(type, SPAN, range), ...polling, enabled: events });
  const left = useQuery({ ...depth(type, SPAN, range), ...polling, enabled: past === "unfinished" });
  const oldest = useQuery({ ...oldestWait(type, SPAN, range), ...polling, enabled: past === "oldest" });
  const asked = events ? flow : past === "unfinished" ? left : oldest;
  const values = events
    ? flow.data?.points.map(({ deadLettered, failed, retried }) =>
        past === "dead" ? deadLettered : failed + retried + deadLettered,
      )
    : past === "unfinished"
      ? left.data?.map(({ depth }) => depth)
      : oldest.data?.map(({ age }) => age ?? 0);
  if (!values) {
    const missing = absence(asked);
    return (
      <span role="img" aria-label={missing} title={missing} className="text-xs text-faint">
        {asked.error ? "–" : "…"}
      </span>
    );
  }
  const most = Math.max(0, ...values);
  const sum = values.reduce((total, value) => total + value, 0);
  const label = {
    dead: () => t.pastDead(sum),
    failed: () => t.pastFailed(sum),
    unfinished: () => t.pastUnfinished(most),
    oldest: () => t.pastOldest(spell(most)),
  }[past]();
  return (
    <span title={label}>
      <Sparkline values={values} label={label} />
    </span>
  );
}
