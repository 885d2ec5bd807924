import type { components } from "jobflow-aws";
import { begin } from "./bulkActions";
import type { Ask, Handler } from "./handler";
import { Problem } from "./http";
import { iso, WAITING, type BatchNumbers, type FakeBatch, type FakeJob, type Role } from "./sim/model";
import type { Sim } from "./sim/sim";

type Schemas = components["schemas"];
const members = (sim: Sim, batch: FakeBatch, round?: number): FakeJob[] =>
  [...sim.jobs.values()].filter(
    (job) => job.batch === batch.id && (round === undefined || job.round === round),
  );

const BROKEN: readonly string[] = ["failed", "dead_letter"];

function count(jobs: FakeJob[]): BatchNumbers {
  const number = (...statuses: string[]) => jobs.filter(({ status }) => statuses.includes(status)).length;
  const [completed, failed, cancelled] = [number("completed"), number(...BROKEN), number("cancelled")];
  const failed_ids = jobs.filter(({ status }) => BROKEN.includes(status)).map(({ id }) => id);
  return {
    done: completed + failed + cancelled,
    completed,
    failed,
    cancelled,
    failed_ids: failed_ids.slice(0, 100),
  };
}

function roundOf(sim: Sim, batch: FakeBatch, at: number): Schemas["BatchRound"] {
  const round = batch.rounds[at];
  if (!round) throw new Error(`the batch has no round ${at + 1}`);
  const filled = at > 0 && !moving(sim, round.bulk);
  if (round.closedAt === null && (filled || sim.now() >= (round.countedAt ?? Infinity))) {
    round.closedAt = sim.now();
    round.total = members(sim, batch, at + 1).length;
  }
  const numbers = round.numbers ?? count(members(sim, batch, at + 1));
  if (round.closedAt !== null && round.endedAt === null && numbers.done >= (round.total ?? 0))
    round.endedAt = sim.now();
  if (round.endedAt !== null && batch.then !== null) round.thenJob ??= sim.add(batch.then, {}).id;
  if (numbers.failed > 0 && batch.onFailure !== null) round.onFailureJob ??= sim.add(batch.onFailure, {}).id;
  const open = round.closing === true ? "closing" : "open";
  return {
    round: at + 1,
    state: round.endedAt !== null ? "ended" : round.closedAt !== null ? "running" : open,
    total: round.total,
    ...numbers,
    opened_at: iso(round.openedAt),
    closed_at: round.closedAt === null ? null : iso(round.closedAt),
    updated_at: iso(round.endedAt ?? sim.now()),
    ended_at: round.endedAt === null ? null : iso(round.endedAt),
    then_job: round.thenJob ?? null,
    on_failure_job: round.onFailureJob ?? null,
    bulk: round.bulk ?? null,
  };
}

function detail(sim: Sim, batch: FakeBatch): Schemas["BatchDetail"] {
  const rounds = batch.rounds.map((_, at) => roundOf(sim, batch, at));
  const newest = rounds.at(-1);
  if (!newest) throw new Error("the batch has no round");
  const unfinished = rounds.find(({ state }) => state !== "ended");
  return {
    id: batch.id,
    state: unfinished?.state ?? "ended",
    key: batch.key,
    then: batch.then,
    on_failure: batch.onFailure,
    tags: batch.tags,
    notify: [],
    parent: batch.parent,
    created_by: batch.createdBy,
    created_at: iso(batch.createdAt),
    newest,
    rounds,
    retrying: batch.rounds.some(({ bulk }) => moving(sim, bulk)),
    cancelled_by: batch.cancelled && sim.now() < batch.cancelled.until ? batch.cancelled.by : null,
  };
}

/** Whether a bulk action still moves members into its round. */
const moving = (sim: Sim, bulk: string | undefined): boolean =>
  sim.bulk.some(({ row }) => row.id === bulk && row.finished_at === null);

function found({ sim, path }: Ask): FakeBatch {
  const batch = sim.batches.find(({ id }) => id === path[1]);
  if (!batch) throw new Problem(404, "Batch not found", `There is no batch ${path[1] ?? ""}.`);
  return batch;
}

const AT_ONCE = 20;

const list: Handler = ({ sim, query }) => {
  const start = Number(query.get("cursor") ?? 0);
  const sorted = [...sim.batches].sort((a, b) => b.createdAt - a.createdAt);
  const batches = sorted.slice(start, start + AT_ONCE).map((batch) => {
    const { rounds: _, retrying: __, cancelled_by: ___, ...row } = detail(sim, batch);
    return row;
  });
  const next = start + AT_ONCE < sorted.length ? String(start + AT_ONCE) : null;
  return { body: { batches, next_cursor: next } };
};

const get: Handler = (ask) => ({ body: detail(ask.sim, found(ask)) });

/** Milliseconds until the members of a closed or cancelled batch are counted; a minute or two on the platform. */
const COUNTED_AFTER = 2000;

function shut(sim: Sim, batch: FakeBatch): void {
  const [first] = batch.rounds;
  if (first?.closedAt !== null) return;
  first.closing = true;
  first.countedAt ??= sim.now() + COUNTED_AFTER;
}

const close: Handler = (ask) => {
  const batch = found(ask);
  shut(ask.sim, batch);
  return { body: detail(ask.sim, batch) };
};

const cancel: Handler = (ask) => {
  const { sim, role } = ask;
  const batch = found(ask);
  if (detail(sim, batch).state === "ended")
    throw new Problem(
      409,
      "The state does not allow this",
      `The batch ${batch.id} has ended; it cannot be cancelled.`,
    );
  shut(sim, batch);
  const left = members(sim, batch).filter(
    ({ status }) => status === "processing" || WAITING.includes(status),
  );
  begin(sim, { action: "cancel", left, filter: { batch: batch.id }, by: role });
  batch.cancelled = { by: role, until: sim.now() + COUNTED_AFTER };
  return { status: 202, body: detail(sim, batch) };
};

const retry: Handler = (ask) => {
  const { sim, role } = ask;
  const batch = found(ask);
  const failed = members(sim, batch).filter(({ status }) => BROKEN.includes(status));
  const busy = batch.rounds.some(({ bulk }) => moving(sim, bulk));
  if (failed.length > 0 && !busy) {
    const newest = batch.rounds.at(-1);
    const numbers = roundOf(sim, batch, batch.rounds.length - 1);
    if (newest) newest.numbers ??= numbers;
    const now = sim.now();
    const { id } = begin(sim, { action: "retry", left: [...failed], filter: { batch: batch.id }, by: role });
    batch.rounds.push({ openedAt: now, closedAt: null, endedAt: null, total: null, bulk: id });
    for (const job of failed) job.round = batch.rounds.length;
  }
  return { status: 202, body: detail(sim, batch) };
};

export const BATCH_ROUTES: [string, RegExp, Role, Handler][] = [
  ["GET", /^batches$/, "viewer", list],
  ["GET", /^batches\/[^/]+$/, "viewer", get],
  ["POST", /^batches\/[^/]+\/close$/, "operator", close],
  ["POST", /^batches\/[^/]+\/cancel$/, "operator", cancel],
  ["POST", /^batches\/[^/]+\/retry$/, "operator", retry],
];
