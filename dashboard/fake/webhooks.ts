import type { components } from "jobflow-aws";
import type { Ask, Handler } from "./handler";
import { Problem, readJson } from "./http";
import { iso, type Role } from "./sim/model";
import { uuid } from "./sim/rng";
import type { Sim } from "./sim/sim";

type Schemas = components["schemas"];
type Webhook = Schemas["WebhookRow"];
type Delivery = Schemas["DeliveryRow"];

const MINUTE = 60_000;
const PAGE = 50;
const SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

interface Kept {
  webhooks: Map<string, Webhook>;
  deliveries: Map<string, Delivery[]>;
  /** Pages of the API in which a webhook has no delivery, because the jobs of other webhooks fill them. */
  empty: Map<string, number>;
}
const kept = new WeakMap<Sim, Kept>();

/** The webhooks of a simulation: one works, one is paused, one is disabled, one has been quiet for long. */
function all(sim: Sim): Kept {
  const found = kept.get(sim);
  if (found) return found;
  const made: Kept = { webhooks: new Map(), deliveries: new Map(), empty: new Map([["quiet", 7]]) };
  kept.set(sim, made);
  if (sim.jobs.size === 0) return made; // a stage where nobody has begun
  const now = sim.now();
  const types = { types: ["report.generate", "image.process"], tags: ["customer:42"] };
  store(sim, "billing", { url: "https://hooks.example.com/jobflow", ...types });
  const failing = {
    failures: 7,
    failing_since: iso(now - 40 * MINUTE),
    paused_until: iso(now + 12 * MINUTE),
  };
  store(sim, "audit", {
    url: `https://audit.example.com/${"a-very-long-path-".repeat(12)}`,
    types: ["*"],
    statuses: ["failed", "dead_letter"],
    ...failing,
  });
  const gone = "The receiver answered 410.";
  store(sim, "old-crm", {
    url: "https://crm.example.com/",
    disabled_at: iso(now - 3 * MINUTE),
    disabled_because: gone,
  });
  store(sim, "quiet", { url: "https://quiet.example.com/", types: ["*"], tags: ["nightly"] });
  const jobs = [...sim.jobs.values()].slice(0, 70);
  made.deliveries.set(
    "billing",
    jobs.map((job, at) => delivery(sim, job.id, at)),
  );
  made.deliveries.set("quiet", [delivery(sim, jobs[0]?.id ?? "none", 0)]);
  return made;
}

function delivery(sim: Sim, job: string, at: number): Delivery {
  const id = uuid(sim.random);
  const [state, attempts, status, answer] = (
    at % 9 === 1
      ? ["failed", 10, null, `HTTP 500: <b>${"down ".repeat(40)}</b>`]
      : at % 9 === 2
        ? ["pending", 2, null, "No complete answer within 15 s."]
        : at % 9 === 3
          ? ["disabled", 1, null, "The webhook billing is disabled: The receiver answered 410."]
          : ["delivered", 1, 204, ""]
  ) as [Delivery["state"], number, number | null, string];
  const created_at = iso(sim.now() - (at + 1) * MINUTE);
  return {
    ...{
      id,
      webhook_id: id,
      job_id: job,
      batch: null,
      ended: "completed",
      state,
      attempts,
      created_at,
      status,
      answer,
    },
    ...{ finished_at: state === "pending" ? null : created_at, next_attempt_at: null },
  };
}

function store(sim: Sim, name: string, settings: Partial<Webhook>): Webhook {
  const now = iso(sim.now());
  const webhook: Webhook = {
    ...{
      name,
      url: "",
      types: [],
      tags: [],
      statuses: [],
      created_at: now,
      updated_at: now,
      created_by: "ada",
    },
    ...{ rotated_at: now, failures: 0, failing_since: null, paused_until: null, disabled_at: null },
    ...{ disabled_because: null, ...settings },
  };
  all(sim).webhooks.set(name, webhook);
  return webhook;
}

function one({ sim, path }: Ask): Webhook {
  const name = path[1] ?? "";
  const found = all(sim).webhooks.get(name);
  if (!found) throw new Problem(404, "Webhook not found", `No webhook has the name '${name}'.`);
  return found;
}

async function settings(ask: Ask): Promise<Partial<Webhook> & { name?: string }> {
  const body = (await readJson(ask.request)) as Partial<Webhook>;
  if (!body.url?.startsWith("https://"))
    throw new Problem(422, "The request is not valid", "The webhook is not valid.", [
      { loc: ["url"], msg: "must begin with https://" },
    ]);
  return body;
}

const list: Handler = ({ sim }) => ({
  body: {
    webhooks: [...all(sim).webhooks.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    available: true,
  },
});

const create: Handler = async (ask) => {
  const { name = "", ...rest } = await settings(ask);
  if (all(ask.sim).webhooks.has(name))
    throw new Problem(
      409,
      "The webhook's state does not allow this",
      `There is a webhook with the name '${name}'.`,
    );
  return { status: 201, body: { ...store(ask.sim, name, rest), secret: SECRET } };
};

const change: Handler = async (ask) => ({ body: Object.assign(one(ask), await settings(ask)) });

const rotate: Handler = (ask) => ({ body: { ...one(ask), secret: SECRET } });

const works = {
  failures: 0,
  failing_since: null,
  paused_until: null,
  disabled_at: null,
  disabled_because: null,
};
const enable: Handler = (ask) => ({ body: Object.assign(one(ask), works) });

const remove: Handler = (ask) => {
  const webhook = one(ask);
  all(ask.sim).webhooks.delete(webhook.name);
  return { body: webhook };
};

const deliveries: Handler = (ask) => {
  const { name } = one(ask);
  const { deliveries: of, empty } = all(ask.sim);
  const page = Number(ask.query.get("cursor") ?? 0);
  const before = empty.get(name) ?? 0;
  const found = of.get(name) ?? [];
  const from = (page - before) * PAGE;
  const rows = page < before ? [] : found.slice(from, from + PAGE);
  const more = page < before || from + PAGE < found.length;
  return { body: { deliveries: rows, next_cursor: more ? String(page + 1) : null } };
};

const sendAgain: Handler = (ask) => {
  const found = all(ask.sim)
    .deliveries.get(one(ask).name)
    ?.find(({ id }) => id === ask.path[3]);
  if (!found) throw new Problem(404, "Job not found", "No delivery has this id.");
  return { body: Object.assign(found, { state: "pending", status: null, answer: null }) };
};

export const WEBHOOK_ROUTES: [string, RegExp, Role, Handler][] = [
  ["GET", /^webhooks$/, "viewer", list],
  ["POST", /^webhooks$/, "admin", create],
  ["GET", /^webhooks\/[^/]+$/, "viewer", (ask) => ({ body: one(ask) })],
  ["PUT", /^webhooks\/[^/]+$/, "admin", change],
  ["DELETE", /^webhooks\/[^/]+$/, "admin", remove],
  ["POST", /^webhooks\/[^/]+\/rotate$/, "admin", rotate],
  ["POST", /^webhooks\/[^/]+\/enable$/, "admin", enable],
  ["GET", /^webhooks\/[^/]+\/deliveries$/, "viewer", deliveries],
  ["POST", /^webhooks\/[^/]+\/deliveries\/[^/]+\/send-again$/, "operator", sendAgain],
];
