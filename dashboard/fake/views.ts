import type { components } from "jobflow-aws";
import type { Handler } from "./handler";
import { Problem, readJson } from "./http";
import { fingerprint, iso, type Role } from "./sim/model";
import type { Sim } from "./sim/sim";

type View = components["schemas"]["ViewRow"];

const kept = new WeakMap<Sim, Map<string, View>>();

/** The views of a simulation: one, unless nobody has begun on the stage. */
function all(sim: Sim): Map<string, View> {
  const found = kept.get(sim);
  if (found) return found;
  const made = new Map<string, View>();
  kept.set(sim, made);
  if (sim.jobs.size > 0) store(sim, "Failed reports", "?type=report.generate&status=failed", "ada");
  return made;
}

function store(sim: Sim, name: string, search: string, by: string): View {
  const view = { id: fingerprint("view", name), name, search, by, at: iso(sim.now()) };
  all(sim).set(view.id, view);
  return view;
}

const save: Handler = async ({ sim, request, role }) => {
  const { name, search, only_new: onlyNew, replaces } = await readJson(request);
  const taken = [...all(sim).values()].find((view) => view.name === name);
  if (taken && (onlyNew || (replaces !== undefined && replaces !== taken.at)))
    throw new Problem(409, "A view has this name", `The stage has a view with the name '${String(name)}'.`);
  return { body: store(sim, String(name), String(search), role) };
};

const remove: Handler = ({ sim, path }) => {
  const view = all(sim).get(path[1] ?? "");
  if (!view) throw new Problem(404, "View not found", `No view has the id '${path[1] ?? ""}'.`);
  all(sim).delete(view.id);
  return { body: view };
};

export const VIEW_ROUTES: [string, RegExp, Role, Handler][] = [
  ["GET", /^views$/, "viewer", ({ sim }) => ({ body: { views: [...all(sim).values()] } })],
  ["POST", /^views$/, "operator", save],
  ["DELETE", /^views\/[^/]+$/, "operator", remove],
];
