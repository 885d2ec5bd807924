import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { jobHead, PAGE, type Job } from "@/api/jobs/jobs";
import type { TypeNumbers } from "@/api/numbers/metrics";
import { oneLine, shortId } from "@/lib/format";
import { spell } from "@/lib/time";
import { SERIES, useNow, usePolling } from "@/live/live";
import { When } from "@/live/When";
import { count } from "@/texts/numbers";
import { Fact, Panel } from "@/ui/Panel";
import { buttonClass } from "@/ui/Button";
import { linkClass } from "@/ui/link";
import { cx } from "@/lib/cx";
import { agesOf, deadSince } from "./ages";
import { Unknown } from "../Unknown";
import { t } from "@/texts/en/queues";

const MOST = 5;

/** Show the messages of a type's dead-letter queue: their number, their ages, and the newest ones. */
export function DeadLetterAges({ type, numbers }: { type: string; numbers: TypeNumbers | undefined }) {
  const dead = numbers?.byStatus.dead_letter;
  const which = { type, status: "dead_letter" } as const;
  const newest = useQuery({
    ...jobHead(which),
    ...usePolling(SERIES),
    enabled: dead !== undefined && dead > 0,
  });
  return (
    <Panel
      title={t.deadLetters}
      flush
      actions={
        <Link to="/dashboard" search={which} className={buttonClass("ghost", "sm")}>
          {t.viewAll}
        </Link>
      }
    >
      {dead === undefined ? (
        <p className="p-4 text-sm text-soft">{t.deadLettersUnknown}</p>
      ) : dead === 0 ? (
        <p className="p-4 text-sm text-soft">{t.noDeadLetters}</p>
      ) : newest.data ? (
        <Known jobs={newest.data.jobs} dead={dead} messages={numbers?.dlqLength ?? null} />
      ) : (
        <Unknown error={newest.error} />
      )}
    </Panel>
  );
}

function Known({ jobs, dead, messages }: { jobs: Job[]; dead: number; messages: number | null }) {
  const now = useNow();
  const { hour, day, older, oldest } = agesOf(jobs, now);
  const newest = [...jobs].sort((a, b) => deadSince(b) - deadSince(a)).slice(0, MOST);
  return (
    <>
      <dl className="grid grid-cols-3 gap-x-4 gap-y-2 px-4 py-3 sm:grid-cols-5">
        <Fact name={t.messages}>{messages === null ? "–" : count(messages)}</Fact>
        <Fact name={t.underAnHour}>{count(hour)}</Fact>
        <Fact name={t.underADay}>{count(day)}</Fact>
        <Fact name={t.older}>{count(older)}</Fact>
        <Fact name={t.oldest}>{oldest === null ? "–" : spell(oldest)}</Fact>
      </dl>
      {dead > jobs.length && <p className="px-4 pb-3 text-xs text-faint">{t.agesOfNewest(PAGE, dead)}</p>}
      <ul className="divide-y divide-line border-t border-line">
        {newest.map((job) => (
          <li
            key={job.id}
            className="flex items-baseline gap-x-3 gap-y-0.5 px-4 py-2 text-sm max-sm:flex-wrap"
          >
            <span className="nums w-14 shrink-0 text-end font-medium">
              <When at={deadSince(job)}>{spell(Math.max(0, now - deadSince(job)))}</When>
            </span>
            <Link to="/jobs/$id" params={{ id: job.id }} className={cx(linkClass, "font-mono text-xs")}>
              {shortId(job.id)}
            </Link>
            <span className="min-w-0 truncate font-mono text-xs text-rose max-sm:flex-1 sm:shrink-0">
              {job.errorClass}
            </span>
            <span
              dir="auto"
              className="min-w-0 flex-1 truncate text-left text-soft max-sm:basis-full max-sm:ps-17"
              title={oneLine(job.errorMessage ?? "", 600)}
            >
              {oneLine(job.errorMessage ?? "", 200)}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
