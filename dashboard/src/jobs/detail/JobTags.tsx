import { Link } from "@tanstack/react-router";
import type { JobDetail } from "@/api/jobs/jobs";
import { t } from "@/texts/en/detail";

const chip = "border px-1 font-mono text-2xs leading-5 text-soft hover:border-strong hover:text-text";

/** Show the job's tenant and tags; each is a link to the jobs that also have it. */
export function JobTags({ job }: { job: JobDetail }) {
  if (job.tenant === null && job.tags.length === 0) return null;
  return (
    <p className="mt-1 flex flex-wrap gap-1">
      {job.tenant !== null && (
        <Link
          to="/dashboard"
          search={{ type: job.type, tenant: job.tenant }}
          className={`border-accent-text/50 ${chip}`}
        >
          {t.tenant(job.tenant)}
        </Link>
      )}
      {job.tags.map((tag) => (
        <Link key={tag} to="/dashboard" search={{ tag }} className={`border-line ${chip}`}>
          {tag}
        </Link>
      ))}
    </p>
  );
}
