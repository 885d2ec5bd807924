import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { ApiError, sentence } from "@/api/numbers/errors";
import { preview, type Schedule, type Settings } from "@/api/queues/schedules";
import { useSettled } from "@/lib/useSettled";
import { Firings } from "./Firings";
import { t } from "@/texts/en/schedules";

/**
 * Show the next firings of the typed expression; if it would change the schedule, also the firings of the stored
 * schedule.
 */
export function Preview({ settings, schedule }: { settings: Settings; schedule: Schedule | null }) {
  const asked = useSettled(`${settings.cron}\n${settings.timezone}`);
  const [cron = "", timezone = ""] = asked.split("\n");
  const query = useQuery({ ...preview(cron, timezone), placeholderData: keepPreviousData });
  const old = useQuery({
    ...preview(schedule?.cron ?? "", schedule?.timezone ?? "UTC"),
    enabled: schedule !== null,
  });
  const wrong = query.error && query.fetchStatus === "idle" ? reason(query.error) : null;
  const firings = query.data ?? [];
  const moved = schedule !== null && (cron !== schedule.cron || timezone !== schedule.timezone);
  return (
    <div className="mt-4 border-t border-line pt-3" aria-live="polite">
      {wrong !== null ? (
        <p className="text-xs text-red">{wrong}</p>
      ) : moved ? (
        <>
          <h3 className="mb-2 text-xs font-semibold">{t.change}</h3>
          <div className="grid gap-3 sm:grid-cols-2">
            <Firings title={t.now} firings={old.data ?? []} zone={schedule.timezone} none={t.noneLeft} />
            <Firings title={t.afterChange} firings={firings} zone={timezone} none={t.noneLeft} />
          </div>
          {same(firings, old.data ?? []) && <p className="mt-2 text-xs text-soft">{t.sameTimes}</p>}
        </>
      ) : (
        <Firings title={t.nextFive} firings={firings} zone={timezone} none="" />
      )}
    </div>
  );
}

function same(one: { at: number }[], other: { at: number }[]): boolean {
  return one.length > 0 && one.map(({ at }) => at).join() === other.map(({ at }) => at).join();
}

/** Return the API's message about the field, else its general message. */
function reason(error: Error): string {
  const found = error instanceof ApiError ? error.errors[0] : undefined;
  return found ? `${found.loc.includes("cron") ? t.cron : t.timezone}: ${found.msg}` : sentence(error);
}
