import type { IncomingMessage } from "node:http";
import type { Answer, Handler } from "./handler";
import { bulk, redrive } from "./bulk";
import { cancel, discard, jobOf, pastPayload, retry, runNow } from "./jobActs";
import { bulkOutcome, getBulk, listBulk, startBulk, stopBulk } from "./bulkActions";
import { checkPayload } from "./sim/payloads";
import { errorGroups, errorJobs, markOf, matching, metrics, series, tenants, type Narrow } from "./answers";
import { META } from "../src/test/meta";
import { flows } from "./flow";
import { findings } from "./health";
import { authorize, Problem, readJson, TOKENS } from "./http";
import { detail, row, type Role } from "./sim/model";
import type { Sim } from "./sim/sim";
import { AUDIT_ROUTES } from "./audit";
import { LIMIT_ROUTES } from "./limits";
import { TOKEN_ROUTES } from "./tokens";
import { BATCH_ROUTES } from "./batches";
import { PAUSE_ROUTES } from "./pauses";
import { SCHEDULE_ROUTES } from "./schedules";
import { USAGE_ROUTES } from "./usage";
import { VIEW_ROUTES } from "./views";
import { WEBHOOK_ROUTES } from "./webhooks";
import { types } from "./sim/types";
import { stringify } from "../src/lib/json";
import { uuid } from "./sim/rng";

const create: Handler = async ({ sim, request }) => {
  const body = await readJson(request);
  const type = String(body.type);
  const payload = checkPayload(type, body.payload, sim.declared[type]?.schema);
  const key = (request.headers["idempotency-key"] as string | undefined) ?? null;
  const same = key === null ? undefined : [...sim.jobs.values()].find((job) => job.idempotencyKey === key);
  if (same && same.body !== stringify(body))
    throw new Problem(
      422,
      "The Idempotency-Key belongs to another request",
      `The key ${key ?? ""} was used with another body.`,
    );
  if (same) return { body: row(same, true), headers: { "Idempotent-Replayed": "true" } };
  const now = sim.now();
  const at = body.run_at ? Date.parse(body.run_at as string) : now + Number(body.delay_seconds ?? 0) * 1000;
  const later = at > now ? { status: "scheduled" as const, nextAttemptAt: at } : {};
  const tags = (body.tags as string[] | undefined) ?? [];
  const known = types.find((one) => one.type === type);
  const maxAttempts = Number(body.max_attempts ?? known?.max_attempts ?? 3);
  const job = sim.add(type, payload, {
    maxAttempts,
    tags,
    idempotencyKey: key,
    body: stringify(body),
    ...later,
  });
  return { status: 201, body: row(job, true), headers: { Location: `/jobs/${job.id}` } };
};

/** The declared types as the API shows them. */
const declared = (sim: Sim) =>
  types.map((one) => ({
    ...one,
    retired: sim.retired.has(one.type),
    enqueues: sim.enqueues[one.type] ?? [],
    fair_by: sim.fairBy[one.type] ?? null,
    rate: sim.rates[one.type]?.rate ?? null,
    ...sim.declared[one.type],
  }));

/** Raise a Problem, as the API does, if no job of the type (null: of any type) has a tenant. */
function checkTenants(sim: Sim, type: string | null): void {
  const meant = declared(sim).filter((one) => type === null || one.type === type);
  if (meant.length === 0 || meant.some((one) => one.fair_by ?? one.serial_by)) return;
  const lacks = type === null ? "no job type has" : `${type} does not have`;
  throw new Problem(422, "The request is not valid", "There are no tenants.", [
    { loc: ["query", "tenant"], msg: `${lacks} \`fair_by\` or \`serial_by\`, so its jobs have no tenant` },
  ]);
}

/** Jobs that one page of a search by error or payload looks at. */
const SEARCHED = 220;

const list: Handler = ({ sim, query }) => {
  const key = query.get("idempotency_key");
  if (key !== null) {
    const own = [...sim.jobs.values()]
      .filter((job) => job.idempotencyKey === key)
      .map((job) => row(job, true));
    return {
      body: { jobs: own, total: own.length, limit: 1, offset: 0, next_cursor: null, looked: own.length },
    };
  }
  if (query.get("tenant") !== null) checkTenants(sim, query.get("type"));
  const limit = Number(query.get("limit") ?? 20);
  const which = Object.fromEntries(query) as Narrow;
  // As the API does: these are not in the index, so a page looks at a part of the jobs and may find none in it.
  const sought = which.error ?? which.payload ?? which.batch ?? null;
  const read = which.batch ? { batch: which.batch } : { ...which, error: null, payload: null };
  const all = matching(sim, sought === null ? which : read);
  // The cursor is the last job of the page before, so that new jobs do not shift what follows.
  const cursor = query.get("cursor");
  const start = cursor ? all.findIndex((job) => job.id === cursor) + 1 : Number(query.get("offset") ?? 0);
  const seen = sought === null || which.batch ? limit : SEARCHED;
  const looked = all.slice(start, start + seen);
  const jobs = sought === null ? looked : matching(sim, which).filter((job) => looked.includes(job));
  const counted = [...query.keys()].every((name) =>
    ["limit", "offset", "status", "type", "cursor"].includes(name),
  );
  const next = start + seen < all.length ? (looked.at(-1)?.id ?? null) : null;
  return {
    body: {
      jobs: jobs.map((job) => row(job)),
      total: counted ? all.length : null,
      limit,
      offset: 0,
      next_cursor: next,
      looked: looked.length,
    },
  };
};

const EXTENSION: Record<string, string> = {
  "image/jpeg": "jpg",
  "image/png": "png",
  "image/webp": "webp",
  "image/gif": "gif",
};

const uploads: Handler = async ({ sim, request }) => {
  const body = await readJson(request);
  const extension = EXTENSION[String(body.content_type)];
  if (!extension)
    throw new Problem(422, "The request is not valid", "The content type is not one of the allowed ones.", [
      { loc: ["content_type"], msg: "must be an image" },
    ]);
  const key = `uploads/${uuid(sim.random)}.${extension}`;
  const fields = {
    key,
    "Content-Type": String(body.content_type),
    policy: "eyJ9",
    "x-amz-signature": "0".repeat(64),
  };
  return {
    status: 201,
    body: {
      url: sim.options.filesUrl,
      fields,
      key,
      max_bytes: 15_000_000,
      expires_at: new Date(sim.now() + 900_000).toISOString(),
    },
  };
};

const mark =
  (on: boolean, resolved = false): Handler =>
  ({ sim, path, role }) => {
    const key = path[1] ?? "";
    if (on) sim.acknowledged.set(key, { by: role, at: sim.now(), resolved });
    else sim.acknowledged.delete(key);
    return { body: { fingerprint: key, ...markOf(sim, key) } };
  };

/** Method and path pattern, the role it needs, and what it does. */
const ROUTES: [string, RegExp, Role, Handler][] = [
  [
    "GET",
    /^me$/,
    "viewer",
    ({ request, role }) => ({
      body: {
        role,
        label: Object.keys(TOKENS).find((token) => request.headers.authorization?.endsWith(token)) ?? "",
      },
    }),
  ],
  ["GET", /^jobs$/, "viewer", list],
  ["POST", /^jobs$/, "operator", create],
  ["POST", /^jobs\/bulk$/, "operator", bulk],
  ["POST", /^bulk$/, "operator", startBulk],
  ["GET", /^bulk$/, "viewer", listBulk],
  ["GET", /^bulk\/[^/]+$/, "viewer", getBulk],
  ["GET", /^bulk\/[^/]+\/outcome$/, "viewer", bulkOutcome],
  ["POST", /^bulk\/[^/]+\/stop$/, "operator", stopBulk],
  [
    "GET",
    /^jobs\/[^/]+$/,
    "viewer",
    (ask) => ({ body: detail(jobOf(ask), ask.sim.paused.has(jobOf(ask).type)) }),
  ],
  [
    "GET",
    /^jobs\/[^/]+\/logs$/,
    "viewer",
    (ask) => ({ body: { lines: jobOf(ask).logs, next_cursor: null, insights_url: null } }),
  ],
  ["GET", /^jobs\/[^/]+\/steps$/, "viewer", (ask) => ({ body: { steps: jobOf(ask).kept ?? [], older: false } })], // prettier-ignore
  ["GET", /^jobs\/[^/]+\/payloads\/\d+$/, "viewer", pastPayload],
  ["POST", /^jobs\/[^/]+\/retry$/, "operator", retry],
  [
    "GET",
    /^jobs\/[^/]+\/retry$/,
    "viewer",
    () => ({ body: { kept: [], older: false, anew: [], events: [], places: [] } }),
  ],
  ["POST", /^jobs\/[^/]+\/cancel$/, "operator", cancel],
  ["POST", /^jobs\/[^/]+\/run-now$/, "operator", runNow],
  ["POST", /^jobs\/[^/]+\/discard$/, "operator", discard],
  ["POST", /^dead-letters\/redrive$/, "operator", redrive],
  ["POST", /^uploads$/, "operator", uploads],
  ["GET", /^meta$/, "viewer", () => ({ body: META })],
  ["GET", /^job-types$/, "viewer", ({ sim }) => ({ body: { job_types: declared(sim) } })],
  ["GET", /^job-types\/[^/]+\/tenants$/, "viewer", ({ sim, path }) => ({ body: tenants(sim, path[1] ?? "") })], // prettier-ignore
  ...PAUSE_ROUTES,
  ["GET", /^metrics$/, "viewer", ({ sim }) => ({ body: metrics(sim) })],
  ["GET", /^metrics\/flow$/, "viewer", ({ sim }) => ({ body: flows(sim) })],
  ["GET", /^metrics\/health$/, "viewer", ({ sim }) => ({ body: findings(sim) })],
  ["POST", /^errors\/[^/]+\/acknowledge$/, "operator", mark(true)],
  ["POST", /^errors\/[^/]+\/resolve$/, "operator", mark(true, true)],
  ["POST", /^errors\/[^/]+\/reopen$/, "operator", mark(false)],
  ["GET", /^metrics\/series$/, "viewer", ({ sim, query }) => ({ body: series(sim, query) })],
  ...BATCH_ROUTES,
  ...SCHEDULE_ROUTES,
  ...VIEW_ROUTES,
  ...USAGE_ROUTES,
  ...WEBHOOK_ROUTES,
  ...AUDIT_ROUTES,
  ...TOKEN_ROUTES,
  ...LIMIT_ROUTES,
  ["GET", /^errors\/[^/]+$/, "viewer", ({ sim, path }) => ({ body: errorJobs(sim, path[1] ?? "") })],
  ["GET", /^errors$/, "viewer", ({ sim, query }) => ({ body: errorGroups(sim, query) })],
];

/** The answer to one call; raises Problem. */
export async function answer(sim: Sim, request: IncomingMessage, url: URL): Promise<Answer> {
  const path = url.pathname.slice(1);
  if (path === "health") return { body: { status: "ok" } };
  const route = ROUTES.find(([method, pattern]) => method === request.method && pattern.test(path));
  if (!route) throw new Problem(404, "Not Found", "There is no such address.");
  const role = authorize(request, route[2]);
  return route[3]({
    sim,
    request,
    path: path.split("/").map(decodeURIComponent),
    query: url.searchParams,
    role,
  });
}
