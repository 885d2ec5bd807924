import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { jobOfKey } from "@/api/jobs/newJob";
import { STATUS } from "@/jobs/status";
import { shortId } from "@/lib/format";
import { relative } from "@/lib/time";
import { useSettled } from "@/lib/useSettled";
import { useNow } from "@/live/live";
import { linkClass } from "@/ui/link";
import { cx } from "@/lib/cx";
import { isKey } from "./draft";
import { t } from "@/texts/en/create";

/** Say whether this token already has a job with the idempotency key, and what the request would do then. */
export function KeyInUse({ value }: { value: string }) {
  const key = useSettled(value);
  const now = useNow();
  const { data, isError } = useQuery(jobOfKey(isKey(key) ? key : ""));
  if (!isKey(key) || key !== value) return t.repeatingThisKeyReturns;
  if (isError) return t.keyNotChecked;
  if (data === undefined) return t.repeatingThisKeyReturns;
  if (data === null) return t.keyIsFree;
  return (
    <span className="text-amber" data-testid="duplicate">
      {t.keyIsInUse}{" "}
      <Link to="/jobs/$id" params={{ id: data.id }} className={cx(linkClass, "font-mono")}>
        {data.type} · {shortId(data.id)}
      </Link>{" "}
      ({STATUS[data.status].label}, {relative(data.createdAt, now)}). {t.sameRequestReturnsIt}
    </span>
  );
}
