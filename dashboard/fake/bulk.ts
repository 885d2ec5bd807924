import { matching, type Narrow } from "./answers";
import { isObject, type Json, type JsonObject } from "../src/lib/json";
import { Problem, readJson } from "./http";
import { DISCARDABLE, RETRYABLE, WAITING, type FakeJob, type Status } from "./sim/model";
import { checkPayload } from "./sim/payloads";
import type { Handler } from "./handler";
import type { Sim } from "./sim/sim";

const ACTIONS = ["retry", "cancel", "discard"] as const;
export type Action = (typeof ACTIONS)[number];

/** What a request asks for; raises Problem for an action that there is not. */
export function actionOf(asked: unknown): Action {
  const found = ACTIONS.find((one) => one === asked);
  if (!found) throw new Problem(422, "The request is not valid", `There is no action ${String(asked)}.`);
  return found;
}

/** The statuses in which an action takes a job by a filter that names none. */
export const MEANT: Record<Action, readonly Status[]> = {
  retry: DISCARDABLE,
  cancel: [...WAITING, "processing"],
  discard: DISCARDABLE,
};
/** The statuses in which an action is possible. */
const POSSIBLE: Record<Action, readonly Status[]> = { ...MEANT, retry: RETRYABLE };

/** Retry, cancel or discard what is listed, or what matches. */
export const bulk: Handler = async ({ sim, request }) => {
  const body = await readJson(request);
  const action = actionOf(body.action);
  const dry = body.dry_run === true;
  const edit = isObject(body.edit) ? body.edit : null;
  if (!body.filter && !body.everything) {
    const listed = (body.ids as string[]).flatMap((id) => sim.jobs.get(id) ?? []);
    return { body: { ...act(sim, action, listed, dry, edit), more: false, next_cursor: null } };
  }
  const filter = (body.filter ?? {}) as Narrow;
  const chosen = matching(sim, filter).filter(
    (job) =>
      (filter.status ? true : MEANT[action].includes(job.status)) &&
      !(action === "cancel" && job.cancelRequested),
  );
  return { body: step(sim, action, chosen, body) };
};

/** All dead letters of a type, back to work. */
export const redrive: Handler = async ({ sim, request }) => {
  const body = await readJson(request);
  const type = typeof body.type === "string" ? body.type : null;
  return { body: step(sim, "retry", matching(sim, { status: "dead_letter", type }), body) };
};

/** The first jobs behind the cursor. It says when the last one was created: that stays as it is, whatever is done. */
function step(sim: Sim, action: Action, chosen: FakeJob[], body: Record<string, unknown>) {
  const from = typeof body.cursor === "string" ? body.cursor : null;
  const left = chosen.filter((job) => from === null || place(job) < from);
  const now = left.slice(0, Number(body.limit ?? 100));
  const last = now.at(-1);
  const next_cursor = last && left.length > now.length ? place(last) : null;
  return {
    ...act(sim, action, now, body.dry_run === true, isObject(body.edit) ? body.edit : null),
    more: next_cursor !== null,
    next_cursor,
  };
}

const place = (job: FakeJob) => `${job.createdAt} ${job.id}`;

const BY = { by: "admin", inBulk: true };
const OF: Record<Action, (sim: Sim, job: FakeJob, payload?: JsonObject) => string | null> = {
  retry: (sim, job, payload) => sim.retry(job, BY, payload),
  cancel: (sim, job) => sim.cancel(job, BY),
  discard: (sim, job) => sim.discard(job, BY, ""),
};

/** The payload with other values, checked as the API does. */
function edited(job: FakeJob, edit: JsonObject): JsonObject {
  const payload = structuredClone(job.payload);
  for (const [path, value] of Object.entries(edit)) {
    const names = path.split(".");
    const last = names.pop() ?? "";
    let place: Json = payload;
    for (const name of names) place = (place as JsonObject)[name] ?? null;
    (place as JsonObject)[last] = value;
  }
  return checkPayload(job.type, payload);
}

export function act(sim: Sim, action: Action, jobs: FakeJob[], dry: boolean, edit: JsonObject | null = null) {
  const skipped: { id: string; reason: string }[] = [];
  let done = 0;
  for (const job of jobs) {
    const refused = refusal(sim, action, job, dry, edit);
    if (refused) skipped.push({ id: job.id, reason: refused });
    else done += dry ? 0 : 1;
  }
  return { matched: jobs.length, done, skipped };
}

/** Why a job is skipped; null when it was changed, or would be. */
function refusal(
  sim: Sim,
  action: Action,
  job: FakeJob,
  dry: boolean,
  edit: JsonObject | null,
): string | null {
  if (!POSSIBLE[action].includes(job.status))
    return `Job ${job.id} is ${job.status}; this action is not for such jobs.`;
  try {
    const payload = edit ? edited(job, edit) : undefined;
    return dry ? null : OF[action](sim, job, payload);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return (error.errors ?? [])
      .map(({ loc, msg }) => `${loc.join(".")}: ${msg.replace(/\.$/, "")}`)
      .join("; ");
  }
}
