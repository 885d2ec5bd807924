import { Link, useNavigate } from "@tanstack/react-router";
import { useLayoutEffect, useRef, useState, type KeyboardEvent, type MouseEvent } from "react";
import type { Job, JobStatus } from "@/api/jobs/jobs";
import { cx } from "@/lib/cx";
import { oneLine, shortId } from "@/lib/format";
import { duration } from "@/lib/time";
import { isFinished, STATUS } from "@/jobs/status";
import type { JobsSearch } from "@/jobs/search";
import { StatusChip } from "@/jobs/StatusChip";
import { quietLinkClass } from "@/ui/link";
import { count } from "@/texts/numbers";
import { grouped, moved, ownKey, type Group } from "./groups";
import { t } from "@/texts/en/fanout";

interface FanOutProps {
  jobs: readonly Job[];
  /** There are other jobs, so each group may have more. */
  more: boolean;
  /** The name of the picture. */
  label: string;
  /** The filter of the list with exactly the jobs of a group. */
  listOf: (status: JobStatus, type: string | undefined) => JobsSearch;
}

/**
 * Show many jobs at once: a cell for each job, by type and status, failed ones first. A cell is a link to its job; the
 * arrow keys move between cells, so that all of them are one stop of the Tab key.
 */
export function FanOut({ jobs, more, label, listOf }: FanOutProps) {
  const types = grouped(jobs);
  const box = useRef<HTMLDivElement>(null);
  const [current, setCurrent] = useState<string | null>(null);
  const [pointed, setPointed] = useState<Place | null>(null);
  const focused = useFocusKept(box);
  const stop = jobs.some(({ id }) => id === current) ? current : types[0]?.groups[0]?.jobs[0]?.id;
  const shown = jobs.find(({ id }) => id === pointed?.id);
  const navigate = useNavigate();
  const open = (event: MouseEvent, id: string) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    void navigate({ to: "/jobs/$id", params: { id } });
  };
  const press = (event: KeyboardEvent<HTMLElement>, id: string) => {
    if (event.key === "Escape" && pointed) {
      event.preventDefault();
      setPointed(null);
    }
    const next = box.current && moved(lines(box.current), id, event.key);
    if (!next) return;
    event.preventDefault();
    cellOf(box.current, next)?.focus();
  };
  const point = (id: string, cell: HTMLElement) => {
    const { bottom, top } = cell.getBoundingClientRect();
    // Above the cell if there is no space below it, but above.
    const above = bottom + TIP > window.innerHeight && top > TIP;
    const all = box.current?.offsetHeight ?? 0;
    const edge = above
      ? { bottom: all - cell.offsetTop + 4 }
      : { top: cell.offsetTop + cell.offsetHeight + 4 };
    setPointed({ id, left: cell.offsetLeft, ...edge });
  };
  const several = types.length > 1;
  return (
    <div ref={box} role="group" aria-label={label} className="relative flex flex-col gap-4">
      {types.map(({ type, number, groups }) => (
        <section key={type} aria-label={type} className="flex min-w-0 flex-col gap-2">
          {several && (
            <h3 className="flex flex-wrap items-baseline gap-x-3 text-sm">
              <span className="font-mono break-all">{type}</span>
              <span className="nums text-xs text-soft">{t.ofType(number)}</span>
            </h3>
          )}
          {groups.map((group) => (
            <div
              key={group.status}
              className="grid gap-x-3 gap-y-1 sm:grid-cols-[9.5rem_minmax(0,1fr)]"
              data-group={group.status}
            >
              <GroupName
                group={group}
                more={more}
                search={listOf(group.status, several ? type : undefined)}
              />
              <ul
                aria-label={t.group(STATUS[group.status].label, group.jobs.length)}
                className="flex flex-wrap gap-0.5"
              >
                {group.jobs.map((job) => (
                  <li key={job.id}>
                    <a
                      href={`/jobs/${job.id}`}
                      data-cell={job.id}
                      tabIndex={job.id === stop ? 0 : -1}
                      aria-label={wordsOf(job)}
                      onClick={(event) => open(event, job.id)}
                      onKeyDown={(event) => press(event, job.id)}
                      onPointerEnter={(event) => point(job.id, event.currentTarget)}
                      onPointerLeave={() => setPointed(null)}
                      onFocus={(event) => {
                        setCurrent(job.id);
                        focused.current = job.id;
                        point(job.id, event.currentTarget);
                      }}
                      onBlur={() => {
                        focused.current = null;
                        setPointed(null);
                      }}
                      className={cx(
                        "flex size-6 items-center justify-center border border-current/45 bg-current/15 hover:bg-current/40",
                        STATUS[job.status].tone,
                      )}
                    >
                      <Glyph status={job.status} />
                    </a>
                  </li>
                ))}
              </ul>
            </div>
          ))}
        </section>
      ))}
      {shown && pointed && <Tip job={shown} place={pointed} />}
      <p className="sr-only">{t.keys}</p>
    </div>
  );
}

interface Place {
  id: string;
  left: number;
  /** Pixels from the upper edge of the picture, or else from its lower edge. */
  top?: number;
  bottom?: number;
}

/** Pixels below a cell that its facts need, with the navigation at the lower edge of a phone. */
const TIP = 210;

const cellOf = (box: HTMLElement | null, id: string) =>
  box?.querySelector<HTMLElement>(`[data-cell="${CSS.escape(id)}"]`) ?? null;

/** Return the ids of the cells, by line on the screen. */
function lines(box: HTMLElement): string[][] {
  const found = new Map<number, string[]>();
  for (const cell of box.querySelectorAll<HTMLElement>("[data-cell]")) {
    const id = cell.dataset.cell ?? "";
    const line = found.get(cell.offsetTop);
    if (line) line.push(id);
    else found.set(cell.offsetTop, [id]);
  }
  return [...found.values()];
}

/** Keep the focus on a cell that moves to another group, because the status of its job has changed. */
function useFocusKept(box: { current: HTMLElement | null }) {
  const focused = useRef<string | null>(null);
  useLayoutEffect(() => {
    if (focused.current !== null && document.activeElement === document.body)
      cellOf(box.current, focused.current)?.focus();
  });
  return focused;
}

function wordsOf(job: Job): string {
  const error = isFinished(job.status) && job.status !== "completed" ? job.errorClass : null;
  return t.cell(shortId(job.id), ownKey(job), STATUS[job.status].label, error);
}

interface NameProps {
  group: Group;
  /** There are jobs that are not loaded, so the list may have more. */
  more: boolean;
  search: JobsSearch;
}

function GroupName({ group: { status, jobs }, more, search }: NameProps) {
  return (
    <Link
      to="/dashboard"
      search={search}
      aria-label={(more ? t.listOfMore : t.list)(STATUS[status].label, jobs.length)}
      className={cx("flex h-6 items-center gap-2 self-start text-xs", quietLinkClass)}
    >
      <StatusChip status={status} />
      <span className="nums text-soft sm:ms-auto">
        {count(jobs.length)}
        {more && "+"}
      </span>
    </Link>
  );
}

/** The icon of the status, which does not move: hundreds of moving icons would distract, and use the processor. */
function Glyph({ status }: { status: JobStatus }) {
  const Icon = STATUS[status].icon;
  return <Icon width={12} height={12} />;
}

/** Show the facts of a job beside its cell. Its link contains the same words for a screen reader. */
function Tip({ job, place }: { job: Job; place: Place }) {
  const ran = job.startedAt !== null && job.finishedAt !== null ? job.finishedAt - job.startedAt : null;
  const key = ownKey(job);
  const failed = job.errorClass !== null && job.status !== "completed";
  return (
    <div
      aria-hidden="true"
      className="pointer-events-none absolute z-20 w-64 max-w-full border border-strong bg-panel p-2.5 text-xs shadow-float"
      style={{
        insetInlineStart: `max(0px, min(${place.left}px, 100% - 16rem))`,
        top: place.top,
        bottom: place.bottom,
      }}
    >
      <p className="flex items-center justify-between gap-2">
        <span className="font-mono">{shortId(job.id)}</span>
        <StatusChip status={job.status} discarded={job.discarded !== null} expired={job.expired} />
      </p>
      <p className="mt-1 truncate font-mono text-soft">{job.type}</p>
      {key !== null && (
        <p className="truncate text-faint">
          {t.key}: <span className="font-mono">{key}</span>
        </p>
      )}
      {ran !== null && (
        <p className="nums text-faint">
          {t.took} {duration(ran)}
        </p>
      )}
      {failed && (
        <p className="mt-1 line-clamp-3 break-words">
          <span className={STATUS[job.status].tone}>{job.errorClass}: </span>
          <bdi>{oneLine(job.errorMessage ?? "", 160)}</bdi>
        </p>
      )}
    </div>
  );
}
