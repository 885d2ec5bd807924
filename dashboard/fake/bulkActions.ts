import { matching, type Narrow } from "./answers";
import { act, actionOf, MEANT, type Action } from "./bulk";
import { Problem, readJson, TOKENS } from "./http";
import { iso, type FakeBulk } from "./sim/model";
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
  const row: Row = {
    id: (++last).toString(16).padStart(20, "0"),
    action,
    dry_run: body.dry_run === true,
    filter: filter as Row["filter"],
    listed: filter ? null : left.length,
    state: "running",
    expected: filter ? ((body.expected as number | undefined) ?? null) : left.length,
    matched: 0,
    done: 0,
    skipped: 0,
    reasons: [],
    per_second: null,
    started_by: TOKENS[token] ?? "?",
    started_at: iso(sim.now()),
    updated_at: iso(sim.now()),
    finished_at: null,
    problem: null,
  };
  const bulk = { row, left };
  sim.bulk.unshift(bulk);
  advance(sim, bulk, FIRST);
  return { status: 202, body: row };
};

export const listBulk: Handler = ({ sim }) => ({ body: { bulk_actions: sim.bulk.map(({ row }) => row) } });

function found({ sim, path }: Ask): FakeBulk {
  const bulk = sim.bulk.find(({ row }) => row.id === path[1]);
  if (!bulk) throw new Problem(404, "Bulk action not found", "No bulk action has that id.");
  return bulk;
}

export const getBulk: Handler = (ask) => ({ body: found(ask).row });

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

function advance(sim: Sim, { row, left }: FakeBulk, most: number): void {
  const now = left.splice(0, most);
  const { done, skipped } = act(sim, row.action as Action, now, row.dry_run);
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
