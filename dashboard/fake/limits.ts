import type { components } from "jobflow-aws";
import type { Ask, Handler } from "./handler";
import { Problem, readJson } from "./http";
import { iso, type FakeLimit, type Role } from "./sim/model";
import type { Sim } from "./sim/sim";

type Row = components["schemas"]["LimitRow"];

const whole = (sim: Sim, name: string) =>
  sim.limits.find((one) => one.name === name && one.value === null) ?? null;

/** Return the limit that is meant: a value that nobody has changed is made from the limit of all values. */
function one({ sim, path, query }: Ask): FakeLimit {
  const name = path[1] ?? "";
  const value = query.get("value");
  const all = whole(sim, name);
  const known = sim.limits.find((each) => each.name === name && each.value === value);
  if (known) return known;
  if (!all?.all_values) throw new Problem(404, "Limit not found", `There is no limit '${name}'.`);
  const made: FakeLimit = {
    ...all,
    ...{ value, all_values: false, in_use: 0, waits: false, waiting: 0, holders: [], lines: [], values: [] },
  };
  sim.limits.push(made);
  return made;
}

function row({ holders: _, lines: __, values: ___, more_values: ____, ...rest }: FakeLimit): Row {
  return rest;
}

const own = ({ changed, value }: FakeLimit) => changed !== null && changed.value === value;
const listed = (limit: FakeLimit) => limit.value === null || own(limit) || limit.waits;
const valuesOf = (sim: Sim, name: string) =>
  sim.limits.filter((each) => each.name === name && each.value !== null);

const list: Handler = ({ sim }) => {
  const key = ({ name, value }: FakeLimit) => `${name} ${value ?? ""}`;
  const shown = sim.limits.filter(listed).sort((a, b) => (key(a) < key(b) ? -1 : 1));
  return { body: { limits: shown.map(row), more: false } };
};

const get: Handler = (ask) => {
  const found = one(ask);
  const values = found.all_values ? valuesOf(ask.sim, found.name).filter(listed) : [];
  return { body: { ...found, values: values.map(row) } };
};

const set: Handler = async (ask) => {
  const { n, reason = "" } = await readJson(ask.request);
  if (typeof n !== "number" || n < 0 || n > 100)
    throw new Problem(422, "The request is not valid", "The number is not valid.", [
      { loc: ["n"], msg: "must be 0 to 100" },
    ]);
  const limit = one(ask);
  const at = iso(ask.sim.now());
  const changed = { value: limit.value, n, by: ask.role, reason: String(reason), at, in_force: true };
  const others = limit.all_values ? valuesOf(ask.sim, limit.name).filter((each) => !own(each)) : [];
  for (const each of [limit, ...others]) Object.assign(each, { n, changed, differs: n !== each.n_declared });
  return { body: { ...row(limit), left: 0 } };
};

const reset: Handler = (ask) => {
  const limit = one(ask);
  const changed = limit.value === null ? null : (whole(ask.sim, limit.name)?.changed ?? null);
  const n = changed?.n ?? limit.n_declared;
  Object.assign(limit, { n, changed, differs: n !== limit.n_declared });
  return { body: { ...row(limit), left: 0 } };
};

export const LIMIT_ROUTES: [string, RegExp, Role, Handler][] = [
  ["GET", /^limits$/, "viewer", list],
  ["GET", /^limits\/[^/]+$/, "viewer", get],
  ["PUT", /^limits\/[^/]+$/, "operator", set],
  ["DELETE", /^limits\/[^/]+$/, "operator", reset],
];
