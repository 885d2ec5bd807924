import { Link } from "@tanstack/react-router";
import type { Schedule } from "@/api/queues/schedules";
import { STATUS } from "@/jobs/status";
import { cx } from "@/lib/cx";
import { useNow } from "@/live/live";
import { IconClock, IconClose, IconPause } from "@/ui/icons";
import { gapsInWords, knownFrom, weekOf, type Cell } from "./history";
import { wall } from "./wall";
import { t } from "@/texts/en/schedules";

/** Show the last seven days of a schedule: a cell for each firing, which links to its job, and why others made none. */
export function Week({ schedule }: { schedule: Schedule }) {
  const now = useNow();
  const days = weekOf(schedule, now);
  const known = knownFrom(schedule);
  const lacking = known !== null && known.local.slice(0, 10) >= (days[0]?.date ?? "");
  return (
    <div className="min-w-0">
      <h3 className="mb-1 text-xs font-medium">{t.week}</h3>
      <ol className="grid grid-cols-7 border border-line text-2xs">
        {days.map(({ date, weekday, day, cells, more, unknown }) => (
          <li key={date} className="min-w-0 border-e border-line last:border-e-0">
            <p className="nums flex flex-col items-center border-b sm:flex-row sm:justify-center sm:gap-x-1 border-line px-0.5 py-0.5 text-faint">
              <span>{weekday}</span>
              <span>{day}</span>
            </p>
            <ul className="flex min-h-8 flex-col gap-px p-px">
              {more > 0 && (
                <li className="nums py-0.5 text-center text-faint" title={t.moreFirings(more)}>
                  {t.more(more)}
                </li>
              )}
              {unknown && (
                <li className="flex h-7 items-center justify-center text-faint" title={t.olderNotShown}>
                  <span aria-hidden="true">…</span>
                  <span className="sr-only">{t.olderNotShown}</span>
                </li>
              )}
              {cells.map((cell) => (
                <li key={cell.at}>
                  <Fired cell={cell} />
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ol>
      {lacking && <p className="nums mt-1 text-xs text-soft">{t.shownFrom(wall(known.local))}</p>}
      <ul className="mt-1 text-xs text-soft">
        {gapsInWords(schedule).map(({ text, newest }) => (
          <li key={text}>
            {text} <span className="nums text-faint">{t.newest(wall(newest.local))}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Fired({ cell }: { cell: Cell }) {
  const time = <span className="text-soft max-sm:hidden">{cell.local.slice(11, 16)}</span>;
  const name = t.firingOf(wall(cell.local), result(cell));
  if (cell.kind !== "ran") {
    const Icon = cell.kind === "next" ? IconClock : cell.reason === "paused" ? IconPause : IconClose;
    const tone = cell.kind === "next" ? "text-faint" : cell.reason === "paused" ? "text-faint" : "text-amber";
    return (
      <span
        role="img"
        aria-label={name}
        title={name}
        className={cx("nums flex h-7 items-center justify-center gap-1", tone)}
      >
        <Icon width={12} height={12} />
        {time}
      </span>
    );
  }
  const look = cell.status === null ? null : STATUS[cell.status];
  const Icon = look?.icon ?? IconClose;
  return (
    <Link
      to="/jobs/$id"
      params={{ id: cell.jobId }}
      aria-label={name}
      title={name}
      className={cx(
        "nums flex h-7 items-center justify-center gap-1 bg-raised hover:bg-hover",
        look?.tone ?? "text-faint",
      )}
    >
      <Icon width={12} height={12} />
      {time}
    </Link>
  );
}

function result(cell: Cell): string {
  if (cell.kind === "next") return t.comes;
  if (cell.kind === "missed") return t.reasons[cell.reason];
  if (cell.skipped) return t.skipped;
  return cell.status === null ? t.expired : STATUS[cell.status].label;
}
