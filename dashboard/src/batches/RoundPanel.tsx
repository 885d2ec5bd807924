import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { BatchDetail, BatchRound } from "@/api/jobs/batches";
import { cx } from "@/lib/cx";
import { shortId } from "@/lib/format";
import { duration, spell } from "@/lib/time";
import { useNow } from "@/live/live";
import { When } from "@/live/When";
import type { JobsSearch } from "@/jobs/search";
import { count, decimal } from "@/texts/numbers";
import { Fact } from "@/ui/Panel";
import { linkClass } from "@/ui/link";
import { inUnit, paceOf, quietSince, type Pace } from "./pace";
import { Progress } from "./Progress";
import { t } from "@/texts/en/batches";

/** Show the numbers of a round, how fast its members end, when it will end, and the jobs that follow. */
export function RoundPanel({ batch, round }: { batch: BatchDetail; round: BatchRound }) {
  const now = useNow();
  const pace = paceOf(round, batch.seen, now);
  const quiet = quietSince(round, now);
  return (
    <>
      <div className="border-t border-line px-4 pt-3">
        <p className="nums mb-1.5 flex flex-wrap justify-between gap-x-4 text-sm">
          <span>{t.progressOf(round.done, round.total)}</span>
          {round.endedAt === null && pace?.left != null && round.total !== null && (
            <span className="text-soft">
              {t.estimatedEnd} {t.inTime(spell(pace.left))}
            </span>
          )}
        </p>
        <Progress round={round} className="h-2.5" />
        {quiet !== null && (
          <p className="mt-1.5 text-xs text-amber">
            {t.quiet} <When at={quiet} />.
          </p>
        )}
      </div>
      <Numbers batch={batch} round={round} />
      <dl className="grid grid-cols-2 gap-y-3 border-t border-line py-3 sm:grid-cols-5 [&>div]:px-4">
        <Fact name={t.rate}>{pace === null ? t.notKnownYet : rateIn(pace)}</Fact>
        {round.endedAt === null ? (
          <Fact name={t.estimatedEnd}>
            {round.total === null ? (
              t.whenClosed
            ) : pace?.left == null ? (
              t.notKnownYet
            ) : (
              <When at={now + pace.left} />
            )}
          </Fact>
        ) : (
          <Fact name={t.took}>{duration(round.endedAt - round.openedAt)}</Fact>
        )}
        <Fact name={t.opened}>
          <When at={round.openedAt} />
        </Fact>
        {round.endedAt === null ? (
          <Fact name={t.closed}>{round.closedAt === null ? t.notClosed : <When at={round.closedAt} />}</Fact>
        ) : (
          <Fact name={t.ended}>
            <When at={round.endedAt} />
          </Fact>
        )}
      </dl>
      <Following batch={batch} round={round} />
      {round.round > 1 && (
        <p className="border-t border-line px-4 py-2 text-sm text-soft">
          {round.bulk === null ? (
            t.retriedAlone
          ) : (
            <>
              {t.retriedBy}{" "}
              <Link to="/bulk/$id" params={{ id: round.bulk }} className={linkClass}>
                {t.aBulkAction}
              </Link>
              .
            </>
          )}
        </p>
      )}
    </>
  );
}

function rateIn({ perSecond }: Pace): string {
  const { n, unit } = inUnit(perSecond);
  return t.per[unit](n < 10 ? decimal(n, 1) : count(Math.round(n)));
}

/** The members of the round by their end; each number leads to those of these jobs that are still in the round. */
function Numbers({ batch: { id, rounds }, round }: { batch: BatchDetail; round: BatchRound }) {
  const { total, done, completed, failed, cancelled } = round;
  const which: JobsSearch = { batch: id, ...(rounds.length > 1 && { round: round.round }) };
  const left = total === null ? null : Math.max(0, total - done);
  return (
    <ul className="mt-3 grid grid-cols-2 border-t border-line sm:grid-cols-5" data-testid="numbers">
      <Number name={t.numbers.failed} n={failed} tone="text-red" to="failed-members" />
      <Number name={t.numbers.left} n={left} tone="text-blue" to="members" />
      <Number
        name={t.numbers.completed}
        n={completed}
        tone="text-green"
        search={{ ...which, status: "completed" }}
      />
      <Number
        name={t.numbers.cancelled}
        n={cancelled}
        tone="text-soft"
        search={{ ...which, status: "cancelled" }}
      />
      <Number name={t.numbers.total} n={total} tone="" search={which} />
    </ul>
  );
}

interface NumberProps {
  name: string;
  n: number | null;
  tone: string;
  /** Where these jobs are: a part of this page, or the list of jobs with this filter. */
  to?: string;
  search?: JobsSearch;
}

function Number({ name, n, tone, to, search }: NumberProps) {
  const content = (
    <>
      <span className="block text-xs text-soft">{name}</span>
      <span className={cx("nums text-xl font-medium tracking-tight", n !== null && n > 0 && tone)}>
        {n === null ? "–" : count(n)}
      </span>
    </>
  );
  const look = "block h-full px-4 py-2";
  return (
    <li className="border-e border-b border-line last:col-span-2 last:border-e-0 max-sm:even:border-e-0 sm:border-b-0 sm:last:col-span-1">
      {n === 0 || (n === null && !search) ? (
        <div className={look}>{content}</div>
      ) : search ? (
        <Link
          to="/dashboard"
          search={search}
          aria-label={t.numbersOf(name, n)}
          className={cx(look, "hover:bg-hover")}
        >
          {content}
        </Link>
      ) : (
        <a href={`#${to ?? ""}`} aria-label={t.numbersOf(name, n)} className={cx(look, "hover:bg-hover")}>
          {content}
        </a>
      )}
    </li>
  );
}

/** Say which jobs follow the round, and link to those that were made. */
function Following({ batch: { then, onFailure, notify }, round }: { batch: BatchDetail; round: BatchRound }) {
  const noneFailed = round.endedAt !== null && round.failed === 0;
  return (
    <div className="border-t border-line px-4 py-2 text-sm" data-testid="following">
      {then === null && onFailure === null && notify.length === 0 ? (
        <p className="text-soft">{t.nothingFollows}</p>
      ) : (
        <dl className="flex flex-col gap-1">
          {then !== null && <Follower name={t.then} type={then} job={round.thenJob} why={t.thenToCome} />}
          {onFailure !== null && (
            <Follower
              name={t.onFailure}
              type={onFailure}
              job={round.onFailureJob}
              why={noneFailed ? t.neverFailed : t.thenToCome}
            />
          )}
          {notify.length > 0 && (
            <div className="flex flex-wrap items-baseline gap-x-2">
              <dt className="text-soft">{t.webhooks}:</dt>
              {notify.map((name) => (
                <dd key={name}>
                  <Link to="/webhooks" search={{ of: name }} className={cx(linkClass, "font-mono text-xs")}>
                    {name}
                  </Link>
                </dd>
              ))}
            </div>
          )}
        </dl>
      )}
    </div>
  );
}

function Follower({
  name,
  type,
  job,
  why,
}: {
  name: string;
  type: string;
  job: string | null;
  why: ReactNode;
}) {
  return (
    <div className="flex flex-wrap items-baseline gap-x-2">
      <dt className="text-soft">{name}:</dt>
      <dd className="flex min-w-0 flex-wrap items-baseline gap-x-2">
        <span className="font-mono text-xs break-all">{type}</span>
        {job === null ? (
          <span className="text-xs text-faint">{why}</span>
        ) : (
          <Link to="/jobs/$id" params={{ id: job }} className={cx(linkClass, "text-xs")}>
            {t.job} <span className="font-mono">{shortId(job)}</span>
          </Link>
        )}
      </dd>
    </div>
  );
}
