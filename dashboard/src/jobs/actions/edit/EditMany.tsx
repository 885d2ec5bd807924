import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { fetchJobs, jobKeys, type Job } from "@/api/jobs/jobs";
import { oneLine, shortId } from "@/lib/format";
import { parse, stringify, type JsonObject } from "@/lib/json";
import { useSettled } from "@/lib/useSettled";
import { Button } from "@/ui/Button";
import { Field, inputClass } from "@/ui/Field";
import { Dialog } from "@/ui/overlay/Dialog";
import { Reason } from "@/ui/Reason";
import type { Ask, ManyAsk } from "../actions";
import { act, changing } from "../bulkWords";
import { start as begin } from "../bulkRuns";
import { COUNT, Counted } from "../Counted";
import { close } from "../outcome";
import { useCount } from "../useCount";
import { fieldsOf, isText, preview, valueOf, type PayloadField } from "./fields";
import { t } from "@/texts/en/actions";

/** Milliseconds after the last key before the API checks the new value with each job. */
const SETTLED_MS = 400;
/** The same for jobs of a filter: the platform may count them, with a bulk action that stays in the list of these. */
const SETTLED_MATCHING_MS = 1500;
const MOST_ROWS = 50;
/** Payloads that a list does not contain are loaded with one request each. */
const MOST_LOADED = 25;

/** Give one field of many jobs' payloads another value, show each change, and retry the jobs. */
export function EditMany({ question }: { question: Extract<Ask, { kind: "edit" }> }) {
  const client = useQueryClient();
  const { target, scope, onDone } = question;
  const { jobs, loading } = useWithPayloads(question.jobs);
  const fields = useMemo(() => fieldsOf(jobs), [jobs]);
  const [path, setPath] = useState("");
  const [typed, setTyped] = useState("");
  const [empty, setEmpty] = useState(false);
  const [reason, setReason] = useState("");
  const field = fields.find((one) => one.path === path);
  const value = field && valueOf(field, typed);
  const given = typed !== "" || empty;
  const after = value?.ok && given ? stringify(value.value) : null;
  const edit = after === null ? null : stringify({ [path]: parse(after) });
  const pause = scope === "matching" ? SETTLED_MATCHING_MS : SETTLED_MS;
  // Without a value there is nothing to wait for.
  const settled = useSettled(edit, edit === null ? 0 : pause);
  const many = useMemo(
    (): ManyAsk | null =>
      settled === null
        ? null
        : { kind: "many", action: "retry", target, scope, edit: parse(settled) as JsonObject },
    [settled, target, scope],
  );
  const counting = useCount(many);
  const unknown = jobs.filter(({ payload }) => payload === null).length;
  const { exact } = counting;
  const ready = many !== null && exact !== null && changing(exact) > 0 && edit === settled;
  const start = () => {
    if (!many) return;
    close();
    void begin({ ...many, reason }, exact, client);
    onDone?.();
  };
  return (
    <Dialog
      open
      wide
      onClose={close}
      onConfirm={start}
      title={t.editManyTitle}
      description={<p>{t.editManyMeaning}</p>}
      footer={
        <>
          <Button onClick={close}>{t.cancel}</Button>
          <Button tone="primary" disabled={!ready} aria-describedby={many ? COUNT : undefined} type="submit">
            {many ? act(many, exact) : t.actNow.retry}
          </Button>
        </>
      }
    >
      <div className="mt-3 grid gap-3 sm:grid-cols-2">
        <Field
          label={t.payloadField}
          hint={loading ? t.loadingPayloads : field && !namedWhole(field) ? inShort(field) : undefined}
        >
          {(control) => (
            <select
              {...control}
              data-first
              className={inputClass}
              value={path}
              onChange={(event) => {
                setPath(event.target.value);
                setTyped("");
                setEmpty(false);
              }}
            >
              <option value="">{t.chooseField}</option>
              {fields.map((one) => (
                <option key={one.path} value={one.path}>
                  {named(one)}
                </option>
              ))}
            </select>
          )}
        </Field>
        {field && (
          <Field
            label={t.newValue}
            hint={isText(field) ? undefined : t.newValueAsJson}
            error={typed !== "" && value && !value.ok ? value.error : undefined}
          >
            {(control) => (
              <input
                {...control}
                className={inputClass}
                value={typed}
                spellCheck={false}
                // The changes are looked at before they are made; Enter confirms them in the field of the reason.
                onKeyDown={(event) => event.key === "Enter" && event.preventDefault()}
                onChange={(event) => {
                  setTyped(event.target.value);
                  setEmpty(false);
                }}
              />
            )}
          </Field>
        )}
        {field && isText(field) && typed === "" && (
          <label className="flex items-center gap-2 text-sm sm:col-start-2">
            <input type="checkbox" checked={empty} onChange={(event) => setEmpty(event.target.checked)} />
            {t.emptyText}
          </label>
        )}
      </div>
      {!loading && fields.length === 0 && (
        <p role="status" className="mt-3 text-sm text-soft">
          {[t.noFields, unknown > 0 && t.payloadsNotLoaded(unknown)].filter(Boolean).join(" ")}
        </p>
      )}
      {/* What the button will do, before the changes, of which there may be many. */}
      {settled && (
        <div className="mt-3 grid gap-2 text-sm text-soft">
          <Counted action="retry" counting={counting} />
        </div>
      )}
      {settled && <Reason reason={reason} onChange={setReason} className="mt-3" />}
      {after !== null && <Preview jobs={jobs} path={path} after={after} loaded={scope === "matching"} />}
    </Dialog>
  );
}

/** Return the jobs with the payloads of the first ones that came without it. */
function useWithPayloads(jobs: readonly Job[]): { jobs: readonly Job[]; loading: boolean } {
  const lacking = jobs.filter(({ payload }) => payload === null).slice(0, MOST_LOADED);
  const ids = lacking.map(({ id }) => id);
  const { data, isLoading } = useQuery({
    queryKey: [...jobKeys.all, "payloads", ids],
    queryFn: ({ signal }) => fetchJobs(ids, signal),
    enabled: ids.length > 0,
    gcTime: 0,
    staleTime: Infinity,
  });
  const loaded = useMemo(() => {
    const known = new Map(data?.map((job) => [job.id, job]));
    return jobs.map((job) => known.get(job.id) ?? job);
  }, [jobs, data]);
  return { jobs: loaded, loading: isLoading };
}

/** Characters of a value that fit into the list of fields on a phone. */
const LONGEST = 24;
const MOST_VALUES = 3;

/** Name a field and its value, or how many values it has: `currency: "USD" (8)`. */
function named({ path, values: [first, ...others] }: PayloadField): string {
  if (!first || others.length > 0) return `${path}: ${t.differentValues(others.length + 1)}`;
  return `${path}: ${oneLine(first[0], LONGEST)} (${first[1]})`;
}

/** Return true if the name of a field shows all of its values, so that nothing is left to say. */
function namedWhole({ values: [first, ...others] }: PayloadField): boolean {
  return others.length === 0 && (first?.[0].length ?? 0) <= LONGEST;
}

/** Name the most frequent values of a field: `"USD" (8), "EUR" (2)`. */
function inShort({ values }: PayloadField): string {
  const some = values.slice(0, MOST_VALUES).map(([value, jobs]) => `${oneLine(value, 40)} (${jobs})`);
  return some.join(", ") + (values.length > MOST_VALUES ? ", …" : "");
}

interface PreviewProps {
  jobs: Extract<Ask, { kind: "edit" }>["jobs"];
  path: string;
  /** The new value as JSON. */
  after: string;
  /** True if these are only the loaded jobs of those that will change. */
  loaded: boolean;
}

/** Show the field of each job before and after. */
function Preview({ jobs, path, after, loaded }: PreviewProps) {
  const { changed, same, unknown } = preview(jobs, path, after);
  const shown = changed.slice(0, MOST_ROWS);
  const notes = [
    loaded && t.onlyLoadedShown,
    changed.length > shown.length && t.moreChanges(changed.length - shown.length),
    same > 0 && t.haveItAlready(same),
    unknown > 0 && t.payloadsNotLoaded(unknown),
  ].filter(Boolean);
  return (
    <div className="mt-3 border border-line">
      <div
        role="region"
        aria-label={t.changes}
        tabIndex={0}
        className="max-h-56 overflow-y-auto max-sm:max-h-40"
        data-testid="edit-preview"
      >
        <ul className="divide-y divide-line font-mono text-xs">
          {shown.map(({ id, before }) => (
            <li key={id} className="grid gap-x-3 px-3 py-1 break-all sm:grid-cols-[4.5rem_minmax(0,1fr)]">
              <span className="text-faint">{shortId(id)}</span>
              <span className="flex flex-wrap gap-x-3">
                {before !== null && <del className="text-red">{oneLine(before, 80)}</del>}
                <ins className="text-green">{oneLine(after, 80)}</ins>
              </span>
            </li>
          ))}
        </ul>
      </div>
      {notes.length > 0 && <p className="px-3 py-1 text-xs text-soft">{notes.join(" ")}</p>}
    </div>
  );
}
