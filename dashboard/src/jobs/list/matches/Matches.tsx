import { useQueries, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { jobByKey, jobsFound, type Found, type Job } from "@/api/jobs/jobs";
import { ApiError, sentence } from "@/api/numbers/errors";
import { jobTypes } from "@/api/types";
import { shortId } from "@/lib/format";
import { Age } from "@/live/Age";
import { rangeOf, wider, type JobsSearch } from "@/jobs/search";
import { StatusChip } from "@/jobs/StatusChip";
import { Details } from "@/jobs/table/columns";
import { RowsToCome } from "@/jobs/list/listStates";
import { Button, buttonClass } from "@/ui/Button";
import { Empty, Failure } from "@/ui/states";
import { linkClass } from "@/ui/link";
import { cx } from "@/lib/cx";
import { distinct, haveTenants, placesOf } from "./places";
import { t } from "@/texts/en/list";

const SHOWN = 5;

/** Show where a plain text was found: in ids, keys, tags, tenants, schedules, payloads or errors. */
export default function Matches({ search, text }: { search: JobsSearch; text: string }) {
  const [opened] = useState(() => Date.now());
  const declared = useQuery(jobTypes());
  const types = declared.data ?? [];
  const places = declared.isPending ? [] : placesOf(search, opened, haveTenants(types, search.type));
  const alone = Object.keys(search).every((name) => PLAIN.includes(name));
  const byKey = useQuery({ ...jobByKey(text), enabled: alone });
  const answers = useQueries({ queries: places.map(({ filter }) => jobsFound(filter)) });
  const named = search.type ? [] : types.filter((one) => one.type.toLowerCase().includes(text.toLowerCase()));
  const asked = [
    ...(alone ? [{ place: "key" as const, search: null, answer: byKey }] : []),
    ...places.flatMap(({ place, search: there }, at) => {
      const answer = answers[at];
      return answer ? [{ place, search: there, answer }] : [];
    }),
  ];
  const failed = asked.filter(({ answer }) => answer.isError);
  const retry = () => failed.forEach(({ answer }) => void answer.refetch());
  const [first] = failed;
  if (first?.answer.error && failed.length === asked.length && !declared.isPending)
    return <NotAsked error={first.answer.error} onRetry={retry} />;
  const groups = distinct(asked.map((one) => ({ ...one, found: one.answer.data })));
  const pending = declared.isPending || asked.some(({ answer }) => answer.isPending);
  const notAsked = failed.map(({ place, answer }) => ({ place: t.places[place](text), error: answer.error }));
  if (groups.length === 0 && named.length === 0)
    return pending ? (
      <RowsToCome />
    ) : (
      <>
        <Nothing search={search} text={text} found={answers.map((one) => one.data)} />
        <PlacesNotAsked places={notAsked} onRetry={retry} />
      </>
    );
  return (
    <div className="flex flex-col" aria-busy={pending}>
      {named.length > 0 && (
        <section
          aria-label={t.typesNamed(text)}
          className="flex flex-wrap items-baseline gap-2 border-t border-line p-3 text-sm"
        >
          <h2 className="text-soft">{t.typesNamed(text)}</h2>
          {named.map((one) => (
            <Link
              key={one.type}
              to="/dashboard"
              search={{ type: one.type }}
              className="font-mono text-xs text-accent-text hover:underline"
            >
              {one.type}
            </Link>
          ))}
        </section>
      )}
      {groups.map(({ place, search: there, found }) => (
        <Group key={place} title={t.places[place](text)} found={found} all={there} />
      ))}
      <PlacesNotAsked places={notAsked} onRetry={retry} />
      {pending && <RowsToCome />}
    </div>
  );
}

function Group({ title, found, all }: { title: string; found: Found; all: JobsSearch | null }) {
  const { jobs, more } = found;
  return (
    <section aria-label={title} className="border-t border-line">
      <header className="flex flex-wrap items-baseline gap-x-3 gap-y-1 px-3 pt-3 pb-1">
        <h2 dir="auto" className="min-w-0 text-sm font-semibold break-words">
          {title}
        </h2>
        <span className="nums text-xs text-soft">{t.matches(jobs.length, more)}</span>
        {all && (jobs.length > 1 || more) && (
          <Link to="/dashboard" search={all} className="ms-auto text-sm text-accent-text hover:underline">
            {t.showAllMatches(jobs.length, more)}
          </Link>
        )}
      </header>
      <ul className="pb-2">
        {jobs.slice(0, SHOWN).map((job) => (
          <Row key={job.id} job={job} />
        ))}
      </ul>
    </section>
  );
}

function Row({ job }: { job: Job }) {
  return (
    <li className="flex min-h-9 flex-wrap items-center gap-x-3 gap-y-1 px-3 py-1 text-sm hover:bg-hover">
      <Link to="/jobs/$id" params={{ id: job.id }} className={cx(linkClass, "font-mono text-xs text-text")}>
        {shortId(job.id)}
      </Link>
      <span className="font-mono text-xs text-soft">{job.type}</span>
      <StatusChip status={job.status} id={job.id} discarded={job.discarded !== null} expired={job.expired} />
      <span className="min-w-0 flex-1 basis-48">
        <Details job={job} />
      </span>
      <span className="nums text-xs text-faint">
        <Age at={job.createdAt} />
      </span>
    </li>
  );
}

interface NothingProps {
  search: JobsSearch;
  text: string;
  found: (Found | undefined)[];
}

/** The parts of a search that leave no job out, beside the text itself. */
const PLAIN: readonly string[] = ["q", "sort", "dir", "span"];

/** Say where the text was searched, and offer a longer time range for the search in payloads. */
function Nothing({ search, text, found }: NothingProps) {
  const { range: chosen, from, to, ...untimed } = search;
  const range = rangeOf({ ...search, payload: text });
  const timed = chosen !== undefined || from !== undefined || to !== undefined;
  const ended = found.filter((one) => one?.more).map((one) => one?.looked ?? 0);
  const filtered = Object.keys(untimed).some((name) => !PLAIN.includes(name));
  const longer = wider({ ...search, payload: text })?.range;
  return (
    <Empty
      title={t.nothingWith(text)}
      action={
        <>
          {longer !== undefined && (
            <Link to="/dashboard" search={{ ...untimed, range: longer }} className={buttonClass()}>
              {timed ? t.searchLast(longer) : t.searchPayloadsOf(longer)}
            </Link>
          )}
          {filtered && (
            <Link
              to="/dashboard"
              search={{ q: text, ...(chosen && { range: chosen }) }}
              className={buttonClass()}
            >
              {t.searchAllJobs}
            </Link>
          )}
          {longer === undefined && !filtered && (
            <Link to="/dashboard" search={{}} className={buttonClass()}>
              {t.clearTheFilters}
            </Link>
          )}
        </>
      }
    >
      {timed || range === undefined ? t.searchedIn(range) : t.searchedAll(range)}{" "}
      {filtered && `${t.otherFilters} `}
      {ended.length > 0 && t.notAllSearched(Math.min(...ended))}
    </Empty>
  );
}

interface PlacesNotAskedProps {
  places: { place: string; error: Error | null }[];
  onRetry: () => void;
}

/** Name the places whose search failed, and why. */
function PlacesNotAsked({ places, onRetry }: PlacesNotAskedProps) {
  if (places.length === 0) return null;
  return (
    <div role="alert" className="flex flex-col items-start gap-2 border-t border-line p-3 text-sm">
      {places.map(({ place, error }) => (
        <p key={place} dir="auto" className="break-words">
          {t.placeNotSearched(place)} <span className="text-soft">{sentence(error)}</span>
        </p>
      ))}
      <Button size="sm" onClick={onRetry}>
        {t.searchAgain}
      </Button>
    </div>
  );
}

function NotAsked({ error, onRetry }: { error: Error; onRetry: () => void }) {
  return (
    <Failure
      title={t.couldntLoadJobs}
      detail={sentence(error)}
      correlationId={error instanceof ApiError ? error.correlationId : null}
      onRetry={onRetry}
    />
  );
}
