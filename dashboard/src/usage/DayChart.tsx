import { useMemo } from "react";
import { useNavigate } from "@tanstack/react-router";
import type { Usage } from "@/api/numbers/usage";
import { ChartCard } from "@/charts/ChartCard";
import { useDeploys } from "@/jobs/useDeploys";
import { dollars } from "@/lib/dollars";
import { DAY } from "@/lib/time";
import { t } from "@/texts/en/usage";

/** Nano-dollars: smaller marks of the axis are those of a chart without jobs. */
const LEAST_MARK = 100;

/** Show the cost of each day, with the part of the retries; a day that is clicked shows its jobs, of `type` if given. */
export default function DayChart({ usage, type }: { usage: Usage; type: string | undefined }) {
  const navigate = useNavigate();
  const deploys = useDeploys();
  const times = useMemo(() => usage.rows.map(({ day }) => day ?? 0), [usage]);
  const lines = useMemo(
    () => [
      {
        label: t.withoutRetries,
        color: "--blue",
        values: usage.rows.map(({ nano, again }) => Math.max(0, nano - again)),
      },
      { label: t.retries, color: "--amber", values: usage.rows.map(({ again }) => again) },
    ],
    [usage],
  );
  return (
    <ChartCard
      title={t.byDay}
      kind="stacked"
      times={times}
      step={DAY}
      lines={lines}
      zone="utc"
      unit={(nano) => (nano > 0 && nano < LEAST_MARK ? "" : dollars(nano))}
      summary={({ values }) => dollars(values.reduce<number>((sum, value) => sum + (value ?? 0), 0))}
      deploys={deploys}
      nameDeploys
      onBrush={(from, to) =>
        void navigate({ to: "/dashboard", search: { ...(type !== undefined && { type }), from, to } })
      }
    />
  );
}
