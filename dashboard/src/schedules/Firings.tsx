import { useId } from "react";
import type { Firing } from "@/api/queues/schedules";
import { dayMonth, hourMinute, relative } from "@/lib/time";
import { useNow } from "@/live/live";
import { t } from "@/texts/en/schedules";
import { wall } from "./wall";

/** Show times at which a schedule fires: in its zone, in UTC, and the distance to now. */
export function Firings(props: { title: string; firings: Firing[]; zone: string; none: string }) {
  const id = useId();
  const now = useNow();
  return (
    <div className="min-w-0">
      <h3 id={id} className="mb-1 text-xs font-medium">
        {props.title}
      </h3>
      {props.firings.length === 0 ? (
        <p className="text-xs text-soft">{props.none}</p>
      ) : (
        <ol
          aria-labelledby={id}
          className="nums grid gap-y-0.5 text-xs sm:grid-cols-[repeat(3,max-content)] sm:gap-x-4"
        >
          {props.firings.map((one) => (
            <li key={one.at} className="flex flex-wrap gap-x-3 sm:contents">
              <time dateTime={new Date(one.at).toISOString()} title={t.timesIn(props.zone)}>
                {wall(one.local)}
              </time>
              <span className="text-soft">
                {dayMonth(one.at, "utc")} {hourMinute(one.at, "utc")} UTC
              </span>
              <span className="text-faint">{relative(one.at, now)}</span>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}
