import { matching, type Narrow } from "./answers";
import { readJson } from "./http";
import { WAITING, type FakeJob } from "./model";
import type { Handler } from "./routes";
import type { Sim } from "./sim";

/** Retry or cancel what is listed, or what matches. */
export const bulk: Handler = async ({ sim, request }) => {
  const body = await readJson(request);
  const action = body.action === "cancel" ? "cancel" : "retry";
  const limit = Number(body.limit ?? 100);
  const filter = body.filter as Narrow | undefined;
  const legal = action === "retry" ? ["failed", "dead_letter"] : [...WAITING, "processing"];
  const chosen = filter
    ? matching(sim, filter).filter(
        (job) =>
          (filter.status ? true : legal.includes(job.status)) &&
          !(action === "cancel" && job.cancelRequested),
      )
    : (body.ids as string[]).flatMap((id) => sim.jobs.get(id) ?? []);
  return { body: act(sim, action, chosen.slice(0, limit), body.dry_run === true, chosen.length > limit) };
};

function act(sim: Sim, action: "retry" | "cancel", jobs: FakeJob[], dry: boolean, more: boolean) {
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
        ? sim.retry(job)
        : sim.cancel(job);
    if (refused) skipped.push({ id: job.id, reason: refused });
    else done += dry ? 0 : 1;
  }
  return { matched: jobs.length, done, skipped, more };
}

/** All dead letters of a type, back to work. */
export const redrive: Handler = async ({ sim, request }) => {
  const body = await readJson(request);
  const type = typeof body.type === "string" ? body.type : null;
  const dead = matching(sim, { status: "dead_letter", type });
  return { body: act(sim, "retry", dead.slice(0, 100), body.dry_run === true, dead.length > 100) };
};
