import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { ApiError, isStatus, sentence } from "@/api/numbers/errors";
import { jobOne } from "@/api/jobs/jobs";
import { hasMask } from "@/api/personal";
import { jobTypes } from "@/api/types";
import { ShowPersonal, useHiddenOnLeave } from "@/jobs/ShowPersonal";
import { useMe } from "@/session/session";
import { Empty, Failure, PanelToCome, Skeleton } from "@/ui/states";
import { CreateForm } from "./CreateForm";
import { t } from "@/texts/en/create";

/** /create: a new job, a copy of another job (?from=id), or a retry with a changed payload (?edit=id),
 * which keeps the steps before a certain one (&begin=step). */
export function CreatePage() {
  const search = useSearch({ from: "/create" });
  const source = search.edit ?? search.from;
  useHiddenOnLeave(source);
  const types = useQuery(jobTypes());
  const job = useQuery({ ...jobOne(source ?? ""), enabled: source !== undefined, staleTime: Infinity });
  const { can, role } = useMe();
  const failed = types.error ?? (source ? job.error : null);
  if (failed) {
    return (
      <Failure
        page
        title={isStatus(failed, 404) ? t.sourceJobNotFound : t.couldntLoadForm}
        detail={sentence(failed)}
        correlationId={failed instanceof ApiError ? failed.correlationId : null}
        onRetry={() => void (types.error ? types.refetch() : job.refetch())}
      />
    );
  }
  if (role && !can.act) {
    return (
      <Empty page title={t.readOnlyToken}>
        {t.roleNeeded}
      </Empty>
    );
  }
  if (!types.data || (source && !job.data)) return <FormToCome />;
  // A job of a retired type can still be retried, also with another payload.
  const again = search.edit === undefined ? undefined : job.data?.type;
  const open = types.data.filter((one) => !one.retired || one.type === again);
  const wanted = job.data?.type ?? search.type;
  if (types.data.some((one) => one.type === wanted && one.retired) && wanted !== again)
    return (
      <Empty page title={t.typeIsRetired}>
        <code className="font-mono">{wanted}</code> {t.takesNoNewJobs}
      </Empty>
    );
  if (open.length === 0)
    return (
      <Empty page title={t.noJobTypes}>
        {t.howToAddAType}
      </Empty>
    );
  return (
    <>
      {job.data && (
        <div className="mx-auto flex max-w-3xl justify-end">
          <ShowPersonal id={job.data.id} masked={hasMask(job.data.payload)} />
        </div>
      )}
      <CreateForm
        // the form begins anew with the values, once they are shown
        key={`${source ?? ""}${search.edit ? "!" : ""}${hasMask(job.data?.payload) ? "#" : ""}`}
        types={open}
        source={job.data ?? null}
        edit={search.edit !== undefined}
        begin={search.begin}
        asked={search.type}
      />
    </>
  );
}

function FormToCome() {
  return (
    <div role="status" aria-busy="true" className="mx-auto flex max-w-3xl flex-col gap-3">
      <h1 className="sr-only">{t.loadingTheForm}</h1>
      <Skeleton className="h-8 w-48" />
      <PanelToCome className="h-16" />
      <PanelToCome className="h-96" />
    </div>
  );
}
