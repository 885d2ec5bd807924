import { Link } from "@tanstack/react-router";
import type { Schedule } from "@/api/queues/schedules";
import { relative } from "@/lib/time";
import { useNow } from "@/live/live";
import { When } from "@/live/When";
import { IconAlert } from "@/ui/icons";
import { Panel } from "@/ui/Panel";
import { Actions } from "./Actions";
import { Firings } from "./Firings";
import { Week } from "./Week";
import { failingStreak } from "@/jobs/streak";
import { linkClass } from "@/ui/link";
import { wall } from "./wall";
import { t } from "@/texts/en/schedules";

/** Show one schedule: its next firing, how its last firings ended, and its actions. */
export function ScheduleCard({ schedule }: { schedule: Schedule }) {
  const none = schedule.paused ? t.noneWhilePaused : t.noneLeft;
  return (
    <Panel verbatim title={schedule.id} actions={<Actions schedule={schedule} />}>
      <div className="flex flex-col gap-3">
        <p className="flex flex-wrap items-baseline gap-x-3 gap-y-1 text-sm">
          <code className="font-mono font-semibold">{schedule.cron}</code>
          <span className="text-soft">{schedule.timezone}</span>
          <code className="font-mono text-xs text-soft">{schedule.type}</code>
          {schedule.paused && <Paused pause={schedule.pause} />}
          {schedule.declared && (
            <span className="text-xs text-faint" title={t.declaredHint}>
              {t.declared}
            </span>
          )}
        </p>
        <Streak schedule={schedule} />
        {schedule.problem !== null && (
          <p role="alert" className="text-xs break-words text-red">
            {t.problem} {schedule.problem}
          </p>
        )}
        <Week schedule={schedule} />
        <Firings title={t.nextFirings} firings={schedule.next} zone={schedule.timezone} none={none} />
        <Link
          to="/dashboard"
          search={{ tag: `schedule:${schedule.id}` }}
          aria-label={t.jobsOf(schedule.id)}
          className="self-start text-xs text-accent-text hover:underline"
        >
          {t.viewJobs}
        </Link>
      </div>
    </Panel>
  );
}

/** Say who paused the schedule and when; a schedule that was declared as paused has neither. */
function Paused({ pause }: { pause: Schedule["pause"] }) {
  const now = useNow();
  return (
    <span className="border border-current px-1 text-xs text-amber">
      {pause ? <When at={pause.at}>{t.pausedSince(pause.by, relative(pause.at, now))}</When> : t.paused}
    </span>
  );
}

/** Say how many of the last firings failed one after another, with a link to the newest. */
function Streak({ schedule }: { schedule: Schedule }) {
  const failed = failingStreak(schedule);
  const [newest, oldest] = [failed[0], failed.at(-1)];
  if (!newest || !oldest) return null;
  return (
    <p className="flex flex-wrap items-center gap-x-2 text-sm text-rose">
      <IconAlert width={13} height={13} />
      <Link to="/jobs/$id" params={{ id: newest.jobId }} className={linkClass}>
        {t.failing(failed.length)}
      </Link>
      {failed.length > 1 && <span className="text-soft">{t.failingSince(wall(oldest.local))}</span>}
    </p>
  );
}
