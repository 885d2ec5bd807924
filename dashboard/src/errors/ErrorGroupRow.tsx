import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import type { ErrorGroup } from "@/api/numbers/metrics";
import { ask } from "@/jobs/actions/actions";
import { cx } from "@/lib/cx";
import { oneLine, shortId } from "@/lib/format";
import { count } from "@/texts/numbers";
import { DAY, spell } from "@/lib/time";
import { useAge } from "@/live/Age";
import { When } from "@/live/When";
import { useMe } from "@/session/session";
import { Button, buttonClass } from "@/ui/Button";
import { IconRetry } from "@/ui/icons";
import { Sparkline } from "@/ui/Sparkline";
import { linkClass, quietLinkClass } from "@/ui/link";
import { Acknowledge, Mark } from "./Acknowledge";
import { Outcome } from "./Outcome";
import { Since } from "./Since";
import { t } from "@/texts/en/errors";

const CompareJobs = lazy(() => import("./CompareJobs"));

interface RowProps {
  group: ErrorGroup;
  /** The count of the most frequent group. */
  most: number;
  /** The length of the shown period up to now, in milliseconds. */
  period: number;
  /** True if it is said where the jobs are now, which is one request. */
  counted: boolean;
}

/** Show one error group: the error, its count and times, and its actions. */
export function ErrorGroupRow({ group, most, period, counted }: RowProps) {
  const age = useAge();
  const { can } = useMe();
  const span = group.sparkline.length * group.sparklineStepS * 1000;
  const search = { fingerprint: group.fingerprint };
  // These attempts asked for a later run: the API lists them, but they have not failed.
  const deferred = group.errorClass === "RetryLater";
  return (
    <li className="grid gap-x-6 gap-y-3 p-4 md:grid-cols-[minmax(0,1fr)_12rem] xl:grid-cols-[minmax(0,1fr)_12rem_auto] md:items-center">
      <div className="min-w-0">
        <p className="mb-0.5 flex flex-wrap items-baseline gap-x-3">
          <Link
            to="/dashboard"
            search={search}
            className={cx(
              "font-mono text-sm font-semibold",
              quietLinkClass,
              deferred ? "text-soft" : "text-red",
            )}
          >
            {group.errorClass ?? t.error}
          </Link>
          <span className="font-mono text-xs text-soft">{group.type}</span>
          {deferred && <span className="text-xs text-soft">{t.deferred}</span>}
        </p>
        <p
          dir="auto"
          className="line-clamp-2 text-left text-sm break-words"
          title={oneLine(group.message, 600)}
        >
          {oneLine(group.message, 400)}
        </p>
        {counted ? (
          <Outcome fingerprint={group.fingerprint} />
        ) : (
          group.jobs > 0 && <p className="nums mt-1 text-sm">{t.jobsHadIt(group.jobs)}.</p>
        )}
        <Mark group={group} />
        <p className="nums mt-1 flex flex-wrap gap-x-3 text-xs text-soft">
          <When at={group.lastSeen}>{t.lastSeen(age(group.lastSeen))}</When>
          <When at={group.firstSeen}>{t.firstSeen(age(group.firstSeen))}</When>
          <Since group={group} span={period} />
          {group.sampleJobIds.slice(0, 3).map((id) => (
            <Link key={id} to="/jobs/$id" params={{ id }} className={cx(linkClass, "font-mono")}>
              {shortId(id)}
            </Link>
          ))}
        </p>
      </div>
      <div>
        <p className="flex items-baseline justify-between">
          <span className="nums text-xl font-medium tracking-tight">{count(group.count)}</span>
          <span className="text-2xs text-faint">
            {t.shareOf(span > 2 * DAY ? spell(span) : `${Math.round(span / 3_600_000)} h`)}
          </span>
        </p>
        <Sparkline
          values={group.sparkline}
          label={t.times(count(group.count), Math.round((group.count / most) * 100))}
          tone="text-red"
        />
      </div>
      <div className="flex flex-wrap gap-2 md:col-span-2 xl:col-span-1 xl:flex-nowrap">
        <Link to="/dashboard" search={search} className={buttonClass("plain", "sm")}>
          {t.viewJobs}
        </Link>
        {group.sampleJobIds.length > 1 && <Compare group={group} />}
        {can.act && <Acknowledge group={group} />}
        {can.act && !deferred && (
          <Button
            size="sm"
            icon={<IconRetry width={13} height={13} />}
            onClick={() =>
              ask({
                kind: "many",
                action: "retry",
                target: { filter: search },
                scope: { failedWith: group.errorClass },
              })
            }
          >
            {t.countAndRetry}
          </Button>
        )}
      </div>
    </li>
  );
}

function Compare({ group }: { group: ErrorGroup }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button size="sm" onClick={() => setOpen(true)}>
        {t.compareStacks}
      </Button>
      {open && (
        <Suspense>
          <CompareJobs group={group} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
