import { matching } from "./answers";
import type { Ask, Handler } from "./handler";
import { Problem, readJson } from "./http";
import { row, type FakeJob } from "./sim/model";
import { checkPayload } from "./sim/payloads";

export function jobOf({ sim, path }: Ask): FakeJob {
  const job = sim.jobs.get(path[1] ?? "");
  if (!job) throw new Problem(404, "Job not found", `There is no job ${path[1] ?? ""}.`);
  return job;
}

function refuse(reason: string | null): void {
  if (reason) throw new Problem(409, "The job's state does not allow this", reason);
}

export const retry: Handler = async (ask) => {
  const { payload } = await readJson(ask.request);
  const job = jobOf(ask);
  const edited = payload === undefined ? undefined : checkPayload(job.type, payload);
  refuse(ask.sim.retry(job, { by: ask.role }, edited));
  return { body: row(job, true) };
};

/** A job, and on request those that it made. */
export const cancel: Handler = async (ask) => {
  const { descendants } = await readJson(ask.request);
  const job = jobOf(ask);
  refuse(ask.sim.cancel(job, { by: ask.role }));
  const made = matching(ask.sim, { parent: job.id }).filter((one) => descendants && one.finishedAt === null);
  for (const one of made) ask.sim.cancel(one, { by: ask.role });
  const told = { cancelled: made.length, asked: 0, finished: 0, more: false };
  return { body: { ...row(job, true), descendants: descendants ? told : null } };
};

export const runNow: Handler = (ask) => {
  const job = jobOf(ask);
  refuse(ask.sim.runNow(job, { by: ask.role }));
  return { body: row(job, true) };
};

export const discard: Handler = async (ask) => {
  const { reason } = await readJson(ask.request);
  const job = jobOf(ask);
  refuse(ask.sim.discard(job, { by: ask.role }, typeof reason === "string" ? reason : ""));
  return { body: row(job, true) };
};

/** The payload of a run after which it was changed. */
export const pastPayload: Handler = (ask) => {
  const gen = Number(ask.path[3]);
  const payload = jobOf(ask).past.get(gen);
  if (!payload) throw new Problem(404, "Payload not found", `No other payload from run ${gen}.`);
  return { body: { gen, payload } };
};
