import { Link } from "@tanstack/react-router";
import type { Schedule } from "@/api/queues/schedules";
import { Panel } from "@/ui/Panel";
import { Actions } from "./Actions";
import { Firings } from "./Firings";
import { Strip } from "./Strip";
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
          {schedule.paused && (
            <span className="border border-current px-1 text-xs text-amber">{t.paused}</span>
          )}
          {schedule.declared && (
            <span className="text-xs text-faint" title={t.declaredHint}>
              {t.declared}
            </span>
          )}
        </p>
        {schedule.problem !== null && (
          <p role="alert" className="text-xs break-words text-red">
            {t.problem} {schedule.problem}
          </p>
        )}
        <Firings title={t.nextFirings} firings={schedule.next} zone={schedule.timezone} none={none} />
        <Strip firings={schedule.last} />
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
