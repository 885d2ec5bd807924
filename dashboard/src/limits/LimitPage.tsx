import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { limitOne, type Holder, type LimitDetail, type Line, type Which } from "@/api/limits";
import { isStatus } from "@/api/numbers/errors";
import { shortId } from "@/lib/format";
import { duration } from "@/lib/time";
import { useNow, usePolling } from "@/live/live";
import { QueryFailure } from "@/live/QueryFailure";
import { When } from "@/live/When";
import { queueName } from "@/jobs/queueName";
import { StatusChip } from "@/jobs/StatusChip";
import { count } from "@/texts/numbers";
import { Button, buttonClass } from "@/ui/Button";
import { Field, inputClass } from "@/ui/Field";
import { IconLeft } from "@/ui/icons";
import { linkClass } from "@/ui/link";
import { Panel } from "@/ui/Panel";
import { Empty, PanelToCome } from "@/ui/states";
import { ChangedNote } from "./ChangedNote";
import { ChangeLimit } from "./ChangeLimit";
import { InUse, LimitRows } from "./LimitRows";
import { addressOf, counts, numberOf } from "./words";
import { t } from "@/texts/en/limits";

/** One limit: its number, who has a place and since when, who waits, and the form that changes the number. */
export function LimitPage({ which }: { which: Which }) {
  const query = useQuery({ ...limitOne(which), ...usePolling({ atLeast: 5000 }), retry: false });
  if (query.data) return <Loaded limit={query.data} />;
  if (isStatus(query.error, 404)) return <NotFound which={which} />;
  if (query.isError) return <QueryFailure page title={t.couldntLoad} query={query} />;
  return (
    <div role="status" aria-busy="true" className="flex flex-col gap-3">
      <h1 className="sr-only">{t.loading}</h1>
      <PanelToCome className="h-40" />
      <div className="grid gap-3 lg:grid-cols-2">
        <PanelToCome className="h-48" />
        <PanelToCome className="h-48" />
      </div>
    </div>
  );
}

function Loaded({ limit }: { limit: LimitDetail }) {
  return (
    <div className="flex flex-col gap-3">
      <header className="border border-line bg-panel">
        <div className="flex flex-wrap items-start gap-x-6 gap-y-3 p-4">
          <div className="min-w-0 flex-1 max-sm:basis-full">
            <Link
              to="/limits"
              search={{}}
              className="mb-1 inline-flex h-6 items-center gap-1 text-xs text-soft hover:text-text"
            >
              <IconLeft width={12} height={12} /> {t.limits}
            </Link>
            <h1 className="font-mono text-lg font-semibold break-words">
              {limit.label}
              {limit.value !== null && (
                <>
                  {" "}
                  <span className="text-base font-normal text-soft">{t.valueOf(limit.by ?? "")}</span>{" "}
                  <bdi>{limit.value}</bdi>
                </>
              )}
            </h1>
            <p className="text-xs text-faint">
              {t.nameElsewhere}{" "}
              <code className="inline-block max-w-full font-mono break-words select-all">{limit.name}</code>
            </p>
            <p className="text-sm text-soft">{limit.declared ? counts(limit) : t.notDeclared}</p>
            <Types types={limit.types} />
          </div>
          <ChangeLimit limit={limit} />
        </div>
        <div className="flex flex-wrap items-start gap-x-10 gap-y-3 border-t border-line px-4 py-3 text-sm">
          <div className="min-w-0 flex-1 basis-64">
            <p className="font-medium">{inForce(limit)}</p>
            {limit.changed === null ? (
              limit.declared && <p className="text-xs text-soft">{t.asInCode}</p>
            ) : (
              <>
                {limit.inCode !== null && (
                  <p className="nums text-xs text-amber">{t.codeSays(numberOf(limit.inCode, limit.per))}</p>
                )}
                <ChangedNote limit={limit} />
              </>
            )}
          </div>
          {!limit.allValues && (
            <div className="w-56 max-sm:w-full">
              <InUse limit={limit} />
            </div>
          )}
        </div>
      </header>
      {limit.allValues ? (
        <Values limit={limit} />
      ) : (
        <div className="grid gap-3 lg:grid-cols-2">
          <Holders holders={limit.holders} rated={limit.per !== null} />
          <Lines lines={limit.lines} />
        </div>
      )}
    </div>
  );
}

function inForce(limit: LimitDetail): string {
  if (limit.n === null) return t.notDeclaredMeaning;
  if (limit.per !== null) {
    const said = numberOf(limit.n, limit.per);
    if (limit.n > 0)
      return limit.allValues && limit.by !== null ? t.atRateEach(said, limit.by) : t.atRate(said);
  }
  return limit.allValues && limit.by !== null ? t.atMostEach(limit.n, limit.by) : t.atMost(limit.n);
}

function Types({ types }: { types: string[] }) {
  if (types.length === 0) return null;
  return (
    <p className="mt-1 flex flex-wrap gap-x-3 text-xs">
      <span className="text-faint">{t.queues(types.length)}</span>
      {types.map((type) => (
        <Link
          key={type}
          to="/queues/$queue"
          params={{ queue: queueName(type) }}
          className={`${linkClass} font-mono`}
        >
          {type}
        </Link>
      ))}
    </p>
  );
}

function Holders({ holders, rated }: { holders: Holder[]; rated: boolean }) {
  const now = useNow();
  return (
    <Panel title={rated ? t.turnHolders(holders.length) : t.holders(holders.length)} flush>
      {holders.length === 0 && <p className="p-4 text-sm text-soft">{rated ? t.noTurns : t.noHolders}</p>}
      <ul className="divide-y divide-line">
        {holders.map(({ id, type, status, since, stale }) => (
          <li key={id} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2 text-sm">
            <JobLink id={id} />
            {status && <StatusChip status={status} id={id} />}
            <span className="font-mono text-xs break-all text-soft">{type ?? t.unreadable}</span>
            {since !== null && (
              <span className="nums ms-auto text-xs text-soft">
                {status === "processing" ? t.runsSince : t.waitsSince} <When at={since} />
                {" · "}
                {duration(Math.max(0, now - since))}
              </span>
            )}
            {stale && <span className="basis-full text-xs text-amber">{t.noPlace}</span>}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Lines({ lines }: { lines: Line[] }) {
  return (
    <Panel title={t.lines} flush>
      {lines.length === 0 && <p className="p-4 text-sm text-soft">{t.nobodyWaits}</p>}
      {lines.map(({ type, waiting, more, first }) => (
        <section key={type} aria-label={type} className="border-b border-line last:border-b-0">
          <h3 className="flex flex-wrap items-baseline gap-x-3 px-4 pt-2 text-sm">
            <span className="nums font-medium">
              {t.lineOf(type, more ? t.countMore(waiting) : count(waiting))}
            </span>
            <Link
              to="/dashboard"
              search={{ type, status: "blocked" }}
              className={`${linkClass} ms-auto text-xs text-soft`}
            >
              {t.viewBlocked}
            </Link>
          </h3>
          <ol className="pb-2">
            {first.map(({ id, since, priority }) => (
              <li key={id} className="flex flex-wrap items-baseline gap-x-3 px-4 py-1 text-sm">
                <JobLink id={id} />
                {priority !== "normal" && <span className="text-xs text-soft">{t.ofPriority(priority)}</span>}
                <span className="nums ms-auto text-xs text-soft">
                  {t.dueSince} <When at={since} />
                </span>
              </li>
            ))}
            {waiting > first.length && (
              <li className="px-4 py-1 text-xs text-faint">
                {t.andMore(more ? t.countMore(waiting - first.length) : count(waiting - first.length))}
              </li>
            )}
          </ol>
        </section>
      ))}
    </Panel>
  );
}

function Values({ limit: { name, by, values, moreValues } }: { limit: LimitDetail }) {
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const field = by ?? "";
  return (
    <Panel title={t.values(field)} flush>
      <div className="flex flex-wrap items-center gap-x-6 gap-y-2 border-b border-line p-4">
        <p className="min-w-0 flex-1 basis-64 text-sm text-soft">
          {values.length === 0 ? t.noValues(field) : t.valuesHint(field)}
        </p>
        <form
          className="flex items-end gap-2"
          onSubmit={(event) => {
            event.preventDefault();
            if (typed.trim())
              void navigate({ to: "/limits", search: addressOf({ name, value: typed.trim() }) });
          }}
        >
          <Field label={t.lookAt(field)}>
            {(control) => (
              <input
                {...control}
                className={inputClass}
                autoComplete="off"
                spellCheck={false}
                value={typed}
                onChange={(event) => setTyped(event.target.value)}
              />
            )}
          </Field>
          <Button type="submit" disabled={!typed.trim()}>
            {t.look}
          </Button>
        </form>
      </div>
      <LimitRows limits={values} />
      {moreValues && <p className="border-t border-line px-4 py-2 text-xs text-faint">{t.more}</p>}
    </Panel>
  );
}

function JobLink({ id }: { id: string }) {
  return (
    <Link to="/jobs/$id" params={{ id }} title={id} className={`${linkClass} font-mono text-xs`}>
      {shortId(id)}
    </Link>
  );
}

function NotFound({ which: { name, value } }: { which: Which }) {
  return (
    <Empty
      page
      title={t.notFound}
      action={
        <Link to="/limits" search={{}} className={buttonClass()}>
          {t.viewLimits}
        </Link>
      }
    >
      <code className="font-mono break-all">{value === null ? name : `${name} ${value}`}</code>.{" "}
      {t.notFoundHint}
    </Empty>
  );
}
