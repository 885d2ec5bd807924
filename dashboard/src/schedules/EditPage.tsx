import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ApiError, sentence } from "@/api/numbers/errors";
import { schedules } from "@/api/queues/schedules";
import { jobTypes } from "@/api/types";
import { useMe } from "@/session/session";
import { buttonClass } from "@/ui/Button";
import { Empty, Failure, PanelToCome } from "@/ui/states";
import { ScheduleForm } from "./ScheduleForm";
import { t } from "@/texts/en/schedules";

/** The form of a new schedule (`id` null) or of a stored one. */
export function EditPage({ id }: { id: string | null }) {
  const types = useQuery(jobTypes());
  const all = useQuery({ ...schedules(), enabled: id !== null, staleTime: Infinity });
  const { can, role } = useMe();
  const failed = types.error ?? (id === null ? null : all.error);
  const back = (
    <Link to="/schedules" className={buttonClass()}>
      {t.backToList}
    </Link>
  );
  if (failed) {
    return (
      <Failure
        page
        title={t.couldntLoad}
        detail={sentence(failed)}
        correlationId={failed instanceof ApiError ? failed.correlationId : null}
        onRetry={() => void (types.error ? types.refetch() : all.refetch())}
      />
    );
  }
  if (role && !can.administer) return <Empty page title={t.adminNeeded} action={back} />;
  if (!types.data || (id !== null && !all.data)) {
    return (
      <div role="status" aria-busy="true" aria-label={t.loading} className="mx-auto max-w-3xl">
        <PanelToCome className="h-96" />
      </div>
    );
  }
  const schedule = all.data?.find((one) => one.id === id) ?? null;
  if (id !== null && (schedule === null || schedule.declared)) {
    return (
      <Empty page title={schedule ? t.declared : t.notFound} action={back}>
        {schedule && t.declaredHint}
      </Empty>
    );
  }
  return <ScheduleForm types={types.data.filter((one) => !one.retired)} schedule={schedule} />;
}
