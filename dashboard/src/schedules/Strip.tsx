import { Link } from "@tanstack/react-router";
import type { LastFiring } from "@/api/queues/schedules";
import { cx } from "@/lib/cx";
import { STATUS } from "@/jobs/status";
import { IconClose } from "@/ui/icons";
import { t } from "@/texts/en/schedules";
import { wall } from "./wall";

/** Show how the last firings ended, the newest last: an icon for each, which links to its job. */
export function Strip({ firings }: { firings: LastFiring[] }) {
  return (
    <div className="min-w-0">
      <h3 className="mb-1 text-xs font-medium">{t.lastFirings}</h3>
      {firings.length === 0 ? (
        <p className="text-xs text-soft">{t.noneYet}</p>
      ) : (
        <ul className="flex flex-wrap gap-1">
          {firings.toReversed().map((one) => (
            <li key={one.at}>
              <Result firing={one} />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function Result({ firing }: { firing: LastFiring }) {
  const look = firing.status === null ? null : STATUS[firing.status];
  const result = firing.skipped ? t.skipped : (look?.label ?? t.expired);
  const Icon = look?.icon ?? IconClose;
  return (
    <Link
      to="/jobs/$id"
      params={{ id: firing.jobId }}
      aria-label={t.firingOf(wall(firing.local), result)}
      title={t.firingOf(wall(firing.local), result)}
      className={cx(
        "flex size-7 items-center justify-center border border-line hover:bg-hover",
        look?.tone ?? "text-faint",
      )}
    >
      <Icon width={13} height={13} />
    </Link>
  );
}
