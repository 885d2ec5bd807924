import { queryOptions, useQuery } from "@tanstack/react-query";
import type { Schedule } from "@/api/queues/schedules";
import { DAY } from "@/lib/time";
import { useIdle } from "@/lib/useIdle";
import { usePolling } from "@/live/live";

/** A schedule whose last firings have all failed. */
export interface FailingSchedule {
  id: string;
  type: string;
  /** The number of these firings: at most `LAST`. */
  failed: number;
  /** The finding ends at this time: the schedule has then fired again, and its jobs have had time to fail. */
  until: number;
}

/** The last firings of each schedule that are read. Fewer than two failures are an error like others. */
const LAST = 3;
const STREAK = 2;
/** Milliseconds between two looks, because each one reads three jobs for each schedule. */
const LOOK_MS = 600_000;

const failingSchedules = () =>
  queryOptions({
    queryKey: ["schedules", "failing"],
    staleTime: LOOK_MS,
    queryFn: async ({ signal }) => {
      const [{ allSchedules }, { failingStreak }] = await Promise.all([
        import("@/api/queues/schedules"),
        import("@/jobs/streak"),
      ]);
      const running = (await allSchedules({ last: LAST, signal })).filter(
        ({ paused, next }) => !paused && next.length > 0,
      );
      return running.flatMap((one): FailingSchedule[] => {
        const streak = failingStreak(one);
        const [newest] = streak;
        if (!newest || streak.length < STREAK) return [];
        return [{ id: one.id, type: one.type, failed: streak.length, until: endOf(newest.at, one) }];
      });
    },
  });

/**
 * Return when a failure that began at `at` is no longer told: after two periods of the schedule, at least a day. The
 * longer one of two intervals counts: a schedule of working days has two periods of three days after Friday.
 */
export function endOf(at: number, { next: [first, second] }: Pick<Schedule, "next">): number {
  const period = Math.max(first ? first.at - at : 0, first && second ? second.at - first.at : 0);
  return at + Math.max(DAY, 2 * period);
}

/**
 * Return the schedules that fail, of those that have a next firing; null if they could not be read. They are read after
 * everything else that the page shows, and never for a tab in the background.
 */
export function useFailingSchedules(enabled = true): FailingSchedule[] | null {
  const idle = useIdle();
  const { data, isError } = useQuery({
    ...failingSchedules(),
    ...usePolling({ atLeast: LOOK_MS }),
    refetchIntervalInBackground: false,
    enabled: enabled && idle,
  });
  return data ?? (isError ? null : NONE);
}

const NONE: FailingSchedule[] = [];
