import { cx } from "@/lib/cx";

interface SparklineProps {
  values: readonly number[];
  label: string;
  className?: string;
  tone?: string;
}

/** Small bars, one for each step, oldest first: they show only a rough shape. The label describes it in words. */
export function Sparkline({ values, label, className, tone = "text-soft" }: SparklineProps) {
  const most = Math.max(1, ...values);
  const width = 100 / Math.max(1, values.length);
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox="0 0 100 24"
      preserveAspectRatio="none"
      className={cx("h-6 w-full", tone, className)}
    >
      {values.map((value, at) => {
        const height = value > 0 ? Math.max(1.5, (value / most) * 24) : 0.75;
        return (
          <rect
            key={at}
            x={at * width + width * 0.12}
            y={24 - height}
            width={width * 0.76}
            height={height}
            fill="currentColor"
            opacity={value > 0 ? 1 : 0.35}
          />
        );
      })}
    </svg>
  );
}
