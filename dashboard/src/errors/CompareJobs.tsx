import { useQuery } from "@tanstack/react-query";
import { fetchJobs } from "@/api/jobs/jobs";
import type { ErrorGroup } from "@/api/numbers/metrics";
import { CompareTwo } from "@/jobs/detail/compare/CompareTwo";
import { shortId } from "@/lib/format";
import { Dialog } from "@/ui/overlay/Dialog";
import { attemptOf } from "./samples";
import { t } from "@/texts/en/errors";

interface CompareProps {
  group: ErrorGroup;
  onClose: () => void;
}

/** Show the attempts of two jobs that met the error, side by side; the jobs are loaded when it is opened. */
export default function CompareJobs({ group, onClose }: CompareProps) {
  const { data } = useQuery({
    queryKey: ["jobs", "samples", group.fingerprint, group.sampleJobIds.join()],
    queryFn: ({ signal }) => fetchJobs(group.sampleJobIds, signal),
    staleTime: Infinity,
  });
  const entries = (data ?? []).flatMap((job) => {
    const attempt = attemptOf(job, group.errorClass);
    return attempt ? [{ key: job.id, name: shortId(job.id), attempt }] : [];
  });
  if (entries.length < 2)
    return (
      <Dialog open onClose={onClose} title={t.compareJobs} footer={null}>
        <p className="text-sm text-soft">{data ? t.nothingToCompare : t.loadingTheJobs}</p>
      </Dialog>
    );
  return (
    <CompareTwo title={t.compareJobs} labels={[t.oneJob, t.otherJob]} entries={entries} onClose={onClose} />
  );
}
