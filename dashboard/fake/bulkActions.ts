import { matching, type Narrow } from "./answers";
import { act, actionOf, MEANT, type Action } from "./bulk";
import { Problem, readJson, TOKENS } from "./http";
import { iso, type FakeBulk, type FakeJob } from "./sim/model";
import { isObject, type JsonObject } from "../src/lib/json";
import type { Ask, Handler } from "./handler";
import type { components } from "jobflow-aws";
import type { Sim } from "./sim/sim";

type Row = components["schemas"]["BulkActionRow"];

/** Jobs that the answer has acted on already, and that each tick acts on. */
const FIRST = 24;
const EACH = 10;
/** Counting is faster. */
const COUNTED = 40;

let last = 0;

export const startBulk: Handler = async ({ sim, request }) => {
  const body = await readJson(request);
  const action = actionOf(body.action);
  const filter = body.everything ? {} : body.filter ? (body.filter as Narrow) : null;
  const left = filter
    ? matching(sim, filter).filter(({ status }) => filter.status ?? MEANT[action].includes(status))
    : (body.ids as string[]).flatMap((id) => sim.jobs.get(id) ?? []);
  const token = (request.headers.authorization ?? "").replace(/^Bearer /, "");
  const row = begin(sim, {
    action,
    left,
    filter,
    by: TOKENS[token] ?? "?",
    dry: body.dry_run === true,
    expected: filter ? ((body.expected as number | undefined) ?? null) : left.length,
    edit: isObject(body.edit) ? body.edit : null,
  });
  return { status: 202, body: row };
};

interface Begun {
  action: Action;
  left: FakeJob[];
  filter: object | null;
  by: string;
  dry?: boolean;
  expected?: number | null;
  edit?: JsonObject | null;
}

/** Begin a bulk action, and act on the first jobs. */
export function begin(sim: Sim, begun: Begun): Row {
  const { action, left, filter, by, dry = false, expected = null, edit = null } = begun;
  const row: Row = {
    id: (++last).toString(16).padStart(20, "0"),
    action,
    dry_run: dry,
    filter: filter as Row["filter"],
    listed: filter ? null : left.length,
    edit,
    state: "running",
    expected,
    matched: 0,
    done: 0,
    skipped: 0,
    reasons: [],
    per_second: null,
    started_by: by,
    started_at: iso(sim.now()),
    updated_at: iso(sim.now()),
    finished_at: null,
    problem: null,
  };
  const bulk = { row, left, changed: [] };
  sim.bulk.unshift(bulk);
  advance(sim, bulk, FIRST);
  return row;
}

export const listBulk: Handler = ({ sim }) => ({ body: { bulk_actions: sim.bulk.map(({ row }) => row) } });

function found({ sim, path }: Ask): FakeBulk {
  const bulk = sim.bulk.find(({ row }) => row.id === path[1]);
  if (!bulk) throw new Problem(404, "Bulk action not found", "No bulk action has that id.");
  return bulk;
}

export const getBulk: Handler = (ask) => ({ body: found(ask).row });

export const bulkOutcome: Handler = (ask) => {
  const { row, changed } = found(ask);
  const jobs = changed.slice(0, 500).flatMap((id) => ask.sim.jobs.get(id) ?? []);
  const by: Record<string, number> = {};
  for (const { status } of jobs) by[status] = (by[status] ?? 0) + 1;
  const body: components["schemas"]["BulkOutcome"] = {
    changed: row.done,
    looked: Math.min(500, changed.length),
    by_status: by,
    jobs: jobs.map(({ id, type, status, errorClass }) => ({ id, type, status, error_class: errorClass })),
    as_of: iso(ask.sim.now()),
  };
  return { body };
};

export const stopBulk: Handler = (ask) => {
  const { sim } = ask;
  const bulk = found(ask);
  if (bulk.row.finished_at === null) end(sim, bulk.row, "stopped");
  return { body: bulk.row };
};

/** Let the open ones go on, as the platform does between two requests. */
export function workOff(sim: Sim): void {
  for (const bulk of sim.bulk)
    if (bulk.row.finished_at === null) advance(sim, bulk, bulk.row.dry_run ? COUNTED : EACH);
}

function advance(sim: Sim, { row, left, changed }: FakeBulk, most: number): void {
  const now = left.splice(0, most);
  const { done, skipped } = act(sim, row.action as Action, now, row.dry_run, row.edit as JsonObject | null);
  if (!row.dry_run) {
    const out = new Set(skipped.map(({ id }) => id));
    changed.push(...now.map(({ id }) => id).filter((id) => !out.has(id)));
  }
  row.matched += now.length;
  row.done += done;
  row.skipped += skipped.length;
  for (const { id, reason } of skipped) {
    const common = reason.replace(`Job ${id} `, "");
    const known = row.reasons.find((one) => one.reason === common);
    if (known) known.jobs += 1;
    else row.reasons.push({ reason: common, jobs: 1, sample_job_ids: [id] });
  }
  row.updated_at = iso(sim.now());
  const seconds = (sim.now() - Date.parse(row.started_at)) / 1000;
  row.per_second = seconds > 0 ? Math.round(row.matched / seconds) : null;
  if (left.length === 0) end(sim, row, "done");
}

function end(sim: Sim, row: Row, state: Row["state"]): void {
  row.state = state;
  row.finished_at = row.updated_at = iso(sim.now());
}
