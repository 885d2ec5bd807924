import type { Handler } from "./handler";
import { readJson } from "./http";
import { iso, type Role } from "./sim/model";

const pause =
  (on: boolean): Handler =>
  async ({ sim, path, request, role }) => {
    const type = path[1] ?? "";
    const { reason = "" } = await readJson(request);
    const present = sim.paused.get(type);
    if (on && !present) sim.paused.set(type, { since: sim.now(), by: role, reason: String(reason) });
    if (!on && present) {
      sim.pastPauses.unshift({ type, ...present, until: sim.now(), resumedBy: role });
      sim.paused.delete(type);
    }
    return { body: { type, paused: on } };
  };

const past: Handler = ({ sim, path }) => {
  const mine = sim.pastPauses.filter((one) => one.type === path[1]);
  const pauses = mine.map(({ since, until, by, reason, resumedBy }) => ({
    since: iso(since),
    until: iso(until),
    by,
    reason,
    resumed_by: resumedBy,
  }));
  return { body: { pauses } };
};

export const PAUSE_ROUTES: [string, RegExp, Role, Handler][] = [
  ["GET", /^job-types\/[^/]+\/pauses$/, "viewer", past],
  ["POST", /^job-types\/[^/]+\/pause$/, "admin", pause(true)],
  ["POST", /^job-types\/[^/]+\/resume$/, "admin", pause(false)],
];
