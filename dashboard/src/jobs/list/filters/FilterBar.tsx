import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { errorGroups } from "@/api/numbers/metrics";
import { jobTypes } from "@/api/types";
import { rangeOf, RANGES, weekAgo, type Change, type JobsSearch } from "@/jobs/search";
import { COLUMNS } from "@/jobs/table/columns";
import { STATUS } from "@/jobs/status";
import { shortId } from "@/lib/format";
import { exact } from "@/lib/time";
import { useZone } from "@/session/prefs";
import { Choice, Chip } from "./Chip";
import { SearchBox } from "./SearchBox";
import { t } from "@/texts/en/list";

const TimeBetween = lazy(() => import("./TimeBetween"));

/** Show the search box, the type, the time, and a chip for each filter. */
export function FilterBar({ search }: { search: JobsSearch }) {
  const types = useQuery(jobTypes()).data ?? [];
  const narrow = useNarrow();
  const zone = useZone();
  // The time filter was chosen, but has no time yet.
  const [between, setBetween] = useState(false);
  const picked = between || search.from !== undefined || search.to !== undefined;
  const options = [["", t.allTypes] as const, ...types.map((one) => [one.type, one.type] as const)];
  if (search.type && !types.some((one) => one.type === search.type)) options.push([search.type, search.type]);
  const setRange = (range: string) => {
    setBetween(range === "between");
    narrow({ range: range === "between" ? undefined : range, from: undefined, to: undefined });
  };
  const shown = [
    ["q", t.text],
    ["id", t.id],
    ["tag", t.tag],
    ["tenant", t.tenant],
    ["schedule", t.schedule],
    ["parent", t.parent],
    ["error", t.error],
    ["payload", t.payload],
  ] as const;
  return (
    <div className="flex flex-wrap items-center gap-2">
      <SearchBox onSearch={narrow} />
      <Choice
        name={t.type}
        value={search.type ?? ""}
        removable={search.type !== undefined}
        options={options}
        onChange={(type) => narrow({ type })}
      />
      <Choice
        name={t.created}
        value={picked ? "between" : (rangeOf(search) ?? "")}
        removable={!picked && search.range !== undefined}
        options={[...RANGES, ["between", t.between]]}
        onChange={setRange}
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
      {search.status && (
        <Chip
          name={t.status}
          value={STATUS[search.status].label}
          onRemove={() => narrow({ status: undefined })}
        />
      )}
      {shown.map(([key, name]) => {
        const value = search[key];
        return (
          value && <Chip key={key} name={name} value={value} onRemove={() => narrow({ [key]: undefined })} />
        );
      })}
      {search.batch && (
        <Chip
          name={t.batch}
          value={
            search.round === undefined
              ? shortId(search.batch)
              : t.roundOf(search.round, shortId(search.batch))
          }
          onRemove={() => narrow({ batch: undefined, round: undefined })}
        />
      )}
      {search.ended !== undefined && (
        <Chip
          name={t.endedSince}
          value={exact(search.ended, zone)}
          onRemove={() => narrow({ ended: undefined })}
        />
      )}
      {search.endedBefore !== undefined && (
        <Chip
          name={t.endedBefore}
          value={exact(search.endedBefore, zone)}
          onRemove={() => narrow({ endedBefore: undefined })}
        />
      )}
      {search.fingerprint && (
        <GroupChip fingerprint={search.fingerprint} onRemove={() => narrow({ fingerprint: undefined })} />
      )}
      {search.sort && search.q === undefined && <OrderChip search={search} narrow={narrow} />}
    </div>
  );
}

/** Show by what cards are sorted; a table shows it in its header. */
function OrderChip({
  search: { sort, dir },
  narrow,
}: {
  search: JobsSearch;
  narrow: (change: Change) => void;
}) {
  const title = COLUMNS.find((column) => column.sort === sort)?.title ?? "";
  return (
    <span className="contents min-[626px]:hidden">
      <Chip
        name={t.order}
        value={(dir === "asc" ? t.ascending : t.descending)(title)}
        onRemove={() => narrow({ sort: undefined, dir: undefined })}
      />
    </span>
  );
}

/** Change the search in the URL: empty parts are removed. */
function useNarrow() {
  const navigate = useNavigate({ from: "/dashboard" });
  return (change: Change) =>
    void navigate({
      search: (now) => {
        const whole = change.batch === undefined ? now : { ...now, round: undefined };
        const next = Object.entries({ ...whole, ...change }).filter(
          ([, value]) => value !== "" && value !== undefined,
        );
        return Object.fromEntries(next);
      },
    });
}

/** Show the name of the fingerprint's error, if an error of the last week has it. */
function GroupChip({ fingerprint, onRemove }: { fingerprint: string; onRemove: () => void }) {
  const groups = useQuery({ ...errorGroups(undefined, "7d", weekAgo), staleTime: 300_000 }).data;
  const group = groups?.find((one) => one.fingerprint === fingerprint);
  const value = group ? t.errorOf(group.errorClass ?? t.error, group.type) : fingerprint;
  return <Chip name={t.errorGroup} value={value} onRemove={onRemove} />;
}
