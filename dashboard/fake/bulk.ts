import { matching, type Narrow } from "./answers";
import { readJson } from "./http";
import { WAITING, type FakeJob } from "./sim/model";
import type { Handler } from "./handler";
import type { Sim } from "./sim/sim";

export type Action = "retry" | "cancel";

/** Retry or cancel what is listed, or what matches. */
export const bulk: Handler = async ({ sim, request }) => {
  const body = await readJson(request);
  const action = body.action === "cancel" ? "cancel" : "retry";
  const dry = body.dry_run === true;
  if (!body.filter) {
    const listed = (body.ids as string[]).flatMap((id) => sim.jobs.get(id) ?? []);
    return { body: { ...act(sim, action, listed, dry), more: false, next_cursor: null } };
  }
  const filter = body.filter as Narrow;
  const legal = action === "retry" ? ["failed", "dead_letter"] : [...WAITING, "processing"];
  const chosen = matching(sim, filter).filter(
    (job) =>
      (filter.status ? true : legal.includes(job.status)) && !(action === "cancel" && job.cancelRequested),
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
  return { ...act(sim, action, now, body.dry_run === true), more: next_cursor !== null, next_cursor };
}

const place = (job: FakeJob) => `${job.createdAt} ${job.id}`;

export function act(sim: Sim, action: Action, jobs: FakeJob[], dry: boolean) {
  const skipped: { id: string; reason: string }[] = [];
  let done = 0;
  for (const job of jobs) {
    const active = [...WAITING, "processing"].includes(job.status);
    const legal = action === "cancel" ? active : !active && job.status !== "completed";
    const refused = dry
      ? legal
        ? null
        : `Job ${job.id} is ${job.status}; this action is not for such jobs.`
      : action === "retry"
        ? sim.retry(job, { by: "admin", inBulk: true })
        : sim.cancel(job, { by: "admin", inBulk: true });
    if (refused) skipped.push({ id: job.id, reason: refused });
    else done += dry ? 0 : 1;
  }
  return { matched: jobs.length, done, skipped };
}
