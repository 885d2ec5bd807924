import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, useRef, useState } from "react";
import type { JobPage } from "@/api/jobs";
import { errorGroups } from "@/api/metrics";
import { jobTypes } from "@/api/types";
import { inputClass, Select } from "@/ui/Field";
import { cx } from "@/lib/cx";
import { isObject, type Json } from "@/lib/json";
import { parseSpan } from "@/lib/time";
import { IconClose, IconSearch } from "@/ui/icons";
import { rangeOf, RANGES, readQuery, suggestions, type JobsSearch } from "@/jobs/search";
import { t } from "@/texts/en/list";

const TimeBetween = lazy(() => import("./TimeBetween"));

/** Show the search box, the type, the time, and a chip for each filter. */
export function FilterBar({ search }: { search: JobsSearch }) {
  const types = useQuery(jobTypes()).data ?? [];
  const narrow = useNarrow();
  // Chosen, but no time is set yet.
  const [between, setBetween] = useState(false);
  const picked = between || search.from !== undefined || search.to !== undefined;
  const options = [["", t.allTypes] as const, ...types.map((one) => [one.type, one.type] as const)];
  if (search.type && !types.some((one) => one.type === search.type)) options.push([search.type, search.type]);
  return (
    <div className="flex flex-wrap items-center gap-2">
      <SearchBox onSearch={narrow} />
      <Select
        label={t.type}
        value={search.type ?? ""}
        options={options}
        onChange={(type) => narrow({ type })}
      />
      <Select
        label={t.created}
        value={picked ? "between" : (rangeOf(search) ?? "")}
        options={[...RANGES, ["between", t.between]]}
        onChange={(range) => {
          setBetween(range === "between");
          narrow({ range: range === "between" ? undefined : range, from: undefined, to: undefined });
        }}
      />
      {picked && (
        <Suspense>
          <TimeBetween
            from={search.from}
            to={search.to}
            onChange={narrow}
            onRemove={() => {
              setBetween(false);
              narrow({ from: undefined, to: undefined });
            }}
          />
        </Suspense>
      )}
      {search.id && <Chip name={t.id} value={search.id} onRemove={() => narrow({ id: undefined })} />}
      {search.tag && <Chip name={t.tag} value={search.tag} onRemove={() => narrow({ tag: undefined })} />}
      {search.tenant && (
        <Chip name={t.tenant} value={search.tenant} onRemove={() => narrow({ tenant: undefined })} />
      )}
      {search.error && (
        <Chip name={t.error} value={search.error} onRemove={() => narrow({ error: undefined })} />
      )}
      {search.payload && (
        <Chip name={t.payload} value={search.payload} onRemove={() => narrow({ payload: undefined })} />
      )}
      {search.fingerprint && (
        <GroupChip fingerprint={search.fingerprint} onRemove={() => narrow({ fingerprint: undefined })} />
      )}
    </div>
  );
}

type Change = { [Key in keyof JobsSearch]?: JobsSearch[Key] | string | undefined };

/** Change the search in the URL: what becomes empty goes. */
function useNarrow() {
  const navigate = useNavigate({ from: "/dashboard" });
  return (change: Change) =>
    void navigate({
      search: (now) => {
        const next = Object.entries({ ...now, ...change }).filter(
          ([, value]) => value !== "" && value !== undefined,
        );
        return Object.fromEntries(next);
      },
    });
}

function SearchBox({ onSearch }: { onSearch: (change: Change) => void }) {
  const [text, setText] = useState("");
  const box = useRef<HTMLInputElement>(null);
  return (
    <form
      role="search"
      className="relative min-w-0 flex-[1_1_14rem] max-sm:basis-full sm:max-w-80"
      onSubmit={(event) => {
        event.preventDefault();
        if (!text.trim()) return;
        onSearch(readQuery(text));
        setText("");
      }}
    >
      <IconSearch className="pointer-events-none absolute start-2 top-2 text-faint" />
      <input
        ref={box}
        id="job-search"
        aria-label={t.findJobs}
        aria-keyshortcuts="/"
        placeholder={t.idErrorTextTag}
        list="job-search-offers"
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          setText("");
          box.current?.blur();
        }}
        className={cx(inputClass, "bg-panel ps-8")}
      />
      <Offers text={text} />
    </form>
  );
}

/** Offer filters for the text, from the types, tags and errors that exist. */
function Offers({ text }: { text: string }) {
  const client = useQueryClient();
  const types = useQuery(jobTypes()).data;
  const groups = useQuery({
    ...errorGroups(undefined, "7d", weekAgo),
    staleTime: 300_000,
    enabled: text !== "",
  });
  const offers = useMemo(() => {
    if (!text) return [];
    const heads = client.getQueriesData<JobPage>({ queryKey: ["jobs", "head"] });
    const tags = heads.flatMap(([, head]) => head?.jobs.flatMap((job) => job.tags) ?? []);
    const errors = groups.data?.flatMap((group) => group.errorClass ?? []) ?? [];
    const payloads = heads.flatMap(([, head]) => head?.jobs.map((job) => job.payload) ?? []);
    const examples = types?.flatMap((one) => one.example ?? []) ?? [];
    const fields = [...new Set([...payloads, ...examples].flatMap(fieldsOf))];
    return suggestions(text, { types: types?.map((one) => one.type) ?? [], tags, errors, fields });
  }, [client, text, types, groups.data]);
  return (
    <datalist id="job-search-offers">
      {offers.map((offer) => (
        <option key={offer} value={offer} />
      ))}
    </datalist>
  );
}

/** Return the names of the fields of a payload. */
function fieldsOf(payload: Json): string[] {
  return isObject(payload) ? Object.keys(payload) : [];
}

const weekAgo = () => Date.now() - (parseSpan("7d") ?? 0);

/** By the name of its error, where one of the last week had it. */
function GroupChip({ fingerprint, onRemove }: { fingerprint: string; onRemove: () => void }) {
  const groups = useQuery({ ...errorGroups(undefined, "7d", weekAgo), staleTime: 300_000 }).data;
  const group = groups?.find((one) => one.fingerprint === fingerprint);
  const value = group ? t.errorOf(group.errorClass ?? t.error, group.type) : fingerprint;
  return <Chip name={t.errorGroup} value={value} onRemove={onRemove} />;
}

function Chip({ name, value, onRemove }: { name: string; value: string; onRemove: () => void }) {
  return (
    <span className="flex h-8 max-w-72 items-center border border-accent-text/50 bg-wash ps-2 text-xs">
      <span className="text-soft">{name}</span>
      <span dir="auto" className="ms-1.5 truncate font-mono text-text" title={value}>
        {value}
      </span>
      <button
        type="button"
        aria-label={t.removeTheFilter(name, value)}
        onClick={onRemove}
        className="flex size-8 shrink-0 items-center justify-center text-soft hover:text-text"
      >
        <IconClose width={12} height={12} />
      </button>
    </span>
  );
}
