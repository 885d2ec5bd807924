import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Fragment } from "react";
import { errorJobs } from "@/api/numbers/errorJobs";
import { STATUS } from "@/jobs/status";
import { cx } from "@/lib/cx";
import { usePolling } from "@/live/live";
import { linkClass } from "@/ui/link";
import { fatesOf } from "./fates";
import { t } from "@/texts/en/errors";

/** Milliseconds between two looks: each group is a request. */
const LOOK_MS = 30_000;

/** Say where the jobs are that have the error now; each number leads to exactly these jobs. */
export function Outcome({ fingerprint }: { fingerprint: string }) {
  const { data } = useQuery({ ...errorJobs(fingerprint), ...usePolling({ atLeast: LOOK_MS }) });
  if (!data) return <p className="nums mt-1 min-h-5 text-sm" />;
  const now = fatesOf(data);
  return (
    <p className="nums mt-1 min-h-5 text-sm" data-testid="outcome" title={t.haveItHint}>
      {now.length > 0 ? `${t.haveIt} ` : t.noneHasIt}
      {now.map(({ status, jobs }, at) => (
        <Fragment key={status}>
          {at > 0 && ", "}
          <Link
            to="/dashboard"
            search={{ fingerprint, status }}
            className={cx(linkClass, STATUS[status].tone)}
          >
            {t.nowIn(jobs, status, STATUS[status].label)}
            {!data.complete && "+"}
          </Link>
        </Fragment>
      ))}
      .
    </p>
  );
}
