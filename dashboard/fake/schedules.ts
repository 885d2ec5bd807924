import type { components } from "jobflow-aws";
import type { JsonObject } from "../src/lib/json";
import type { Ask, Handler } from "./handler";
import { Problem, readJson } from "./http";
import { iso, row, type Role } from "./sim/model";
import type { Sim } from "./sim/sim";
import { examplePayload } from "./sim/types";
import { checkPayload } from "./sim/payloads";

type Schedule = components["schemas"]["ScheduleRow"];
type Firing = components["schemas"]["Firing"];

const HOUR = 3_600_000;
const OFFSET: Record<string, number> = { "Europe/Berlin": 1, UTC: 0 };
const kept = new WeakMap<Sim, Map<string, Schedule>>();
let writes = 0;

/** The schedules of a simulation: two to begin with, one of them declared and paused. */
function all(sim: Sim): Map<string, Schedule> {
  const found = kept.get(sim);
  if (found) return found;
  const made = new Map<string, Schedule>();
  kept.set(sim, made);
  const nightly = store(sim, "report.generate-nightly", settings(sim, "report.generate", "0 2 * * *", "UTC"));
  Object.assign(nightly, { declared: true, paused: true, next_firings: [] });
  const digest = store(sim, "daily-digest", settings(sim, "email.send", "30 6 * * *", "Europe/Berlin"));
  const jobs = [...sim.jobs.values()].filter((job) => job.type === "email.send").slice(0, 5);
  digest.last_firings = jobs.map((job, at) => ({
    ...firing(sim.now() - (at * 24 + 23) * HOUR, digest.timezone),
    job_id: job.id,
    status: job.status,
    error_class: job.errorClass,
  }));
  // One firing was skipped, and one was missed.
  const skipped = digest.last_firings[2];
  if (skipped) Object.assign(skipped, { status: "cancelled", error_class: "Skipped" });
  digest.missed_firings = [{ ...firing(sim.now() - 6 * 24 * HOUR, digest.timezone), reason: "missed" }];
  return made;
}

function settings(sim: Sim, type: string, cron: string, timezone: string) {
  const payload = examplePayload(type, sim.random);
  return { type, cron, timezone, payload, catch_up: 1, overlap: "allow" as const };
}

function store(sim: Sim, id: string, from: Partial<Schedule>): Schedule {
  const now = iso(sim.now());
  const schedule = {
    id, starts_at: null, ends_at: null, declared: false, paused: false, problem: null, created_at: now, updated_at: now,
    last_firings: [], next_firings: [], missed_firings: [], paused_by: null, paused_at: null, ...from, version: String(++writes),
  } as unknown as Schedule; // prettier-ignore
  schedule.next_firings = next(schedule.cron, schedule.timezone, sim.now());
  all(sim).set(id, schedule);
  return schedule;
}

/** Understands a minute, and an hour or "*"; the rest of the text only has to be there. */
function next(cron: string, timezone: string, now: number): Firing[] {
  const [minute = "", hour = "", ...rest] = cron.trim().split(/\s+/);
  if (rest.length !== 3)
    refuse("cron", "must have five fields: minute, hour, day of the month, month, day of the week");
  if (!(Number(minute) < 60)) refuse("cron", "has an error in the minute (0-59)");
  const offset = OFFSET[timezone];
  if (offset === undefined)
    refuse("timezone", "must be a time zone of the IANA database, like Europe/Berlin or UTC");
  const step = hour === "*" ? HOUR : 24 * HOUR;
  const first =
    hour === "*" ? Number(minute) * 60_000 : (Number(hour) - offset) * HOUR + Number(minute) * 60_000;
  const begin = Math.floor((now - first) / step) * step + first;
  return [1, 2, 3, 4, 5].map((n) => firing(begin + n * step, timezone));
}

function firing(at: number, timezone: string): Firing {
  const hours = OFFSET[timezone] ?? 0;
  const local = new Date(at + hours * HOUR).toISOString().slice(0, 19);
  return { at: iso(at), local: `${local}+0${hours}:00` };
}

function refuse(field: string, msg: string): never {
  throw new Problem(422, "The request is not valid", "The request body is not valid.", [
    { loc: [field], msg },
  ]);
}

function one({ sim, path }: Ask): Schedule {
  const found = all(sim).get(path[1] ?? "");
  if (!found) throw new Problem(404, "Schedule not found", `No schedule has the id '${path[1] ?? ""}'.`);
  return found;
}

const list: Handler = ({ sim }) => {
  const schedules = [...all(sim).values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  return { body: { schedules, next_after: null } };
};

const previewed: Handler = ({ sim, query }) => ({
  body: { firings: next(query.get("cron") ?? "", query.get("timezone") ?? "UTC", sim.now()) },
});

const write: Handler = async (ask) => {
  const body = await readJson(ask.request);
  const id = ask.path[1] ?? String(body.id);
  if (ask.path[1] !== undefined) one(ask);
  else if (!/^[a-z0-9][a-z0-9-]{0,39}$/.test(id))
    refuse("id", "String should match pattern '^[a-z0-9][a-z0-9-]{0,39}$'");
  checkPayload(String(body.type), body.payload);
  const old = all(ask.sim).get(id);
  if (old && ask.path[1] !== undefined && body.version !== undefined && body.version !== old.version)
    throw new Problem(
      409,
      "The schedule's state does not allow this",
      `The schedule '${id}' was changed meanwhile.`,
    );
  const schedule = store(ask.sim, id, {
    ...(body as Partial<Schedule>),
    last_firings: old?.last_firings ?? [],
  });
  return { status: old ? 200 : 201, body: schedule };
};

const pause =
  (on: boolean): Handler =>
  (ask) => {
    const schedule = one(ask);
    const firings = on ? [] : next(schedule.cron, schedule.timezone, ask.sim.now());
    const pause = on
      ? { paused_by: ask.role, paused_at: iso(ask.sim.now()) }
      : { paused_by: null, paused_at: null };
    return { body: Object.assign(schedule, { paused: on, next_firings: firings, ...pause }) };
  };

const run: Handler = (ask) => {
  const { id, type, payload } = one(ask);
  return {
    status: 201,
    body: row(ask.sim.add(type, payload as JsonObject, { tags: [`schedule:${id}`] }), true),
  };
};

const remove: Handler = (ask) => {
  const schedule = one(ask);
  all(ask.sim).delete(schedule.id);
  return { body: schedule };
};

export const SCHEDULE_ROUTES: [string, RegExp, Role, Handler][] = [
  ["GET", /^schedules$/, "viewer", list],
  ["GET", /^schedules\/preview$/, "viewer", previewed],
  ["GET", /^schedules\/[^/]+$/, "viewer", (ask) => ({ body: one(ask) })],
  ["POST", /^schedules$/, "admin", write],
  ["PUT", /^schedules\/[^/]+$/, "admin", write],
  ["DELETE", /^schedules\/[^/]+$/, "admin", remove],
  ["POST", /^schedules\/[^/]+\/pause$/, "operator", pause(true)],
  ["POST", /^schedules\/[^/]+\/resume$/, "operator", pause(false)],
  ["POST", /^schedules\/[^/]+\/run$/, "operator", run],
];
