import type { components } from "jobflow-aws";
import type { Handler } from "./handler";
import { iso } from "./sim/model";
import type { Sim } from "./sim/sim";

type Schemas = components["schemas"];
type Entry = Schemas["AuditEntry"];
type Refusal = Schemas["RefusalCount"];

const MINUTE = 60_000;
const ADA = { principal: "1f2e3d4c5b6a7980", label: "ada" };
const SHOP = {
  principal: "0a1b2c3d4e5f6071",
  label: "shop-backend with a label that is as long as labels can be, 80",
};
const DEPLOYER = {
  principal: "arn:aws:sts::123456789012:assumed-role/deployers/github-actions",
  label: null,
};
const DONE = { outcome: "done", status: 200, error: null } as const;
const REFUSED = { outcome: "refused", status: 409, error: "job-conflict" } as const;
const BEGUN = { outcome: "begun", status: null, error: null } as const;
const FAILED = { outcome: "failed", status: 503, error: "not-stored" } as const;

/** The changes of a simulation, newest first: of persons, of a program, of a pipeline. */
function changes(sim: Sim): Entry[] {
  const jobs = [...sim.jobs.keys()].slice(0, 60);
  if (jobs.length === 0) return [];
  const rest: Partial<Entry>[] = [
    {
      ...ADA,
      action: "job-type.pause",
      kind: "job-type",
      target: "email.send",
      reason: "The mail provider is down",
      ...DONE,
    },
    {
      ...ADA,
      action: "bulk.retry",
      kind: "bulk",
      target: "0".repeat(20),
      reason: "The provider is up again",
      ...DONE,
    },
    { ...SHOP, action: "job.cancel", kind: "job", target: jobs[1] ?? "none", ...REFUSED },
    {
      ...ADA,
      action: "job.retry",
      kind: "job",
      target: jobs[0] ?? "none",
      reason: "x".repeat(200),
      ...BEGUN,
    },
    {
      ...DEPLOYER,
      action: "stage.deploy",
      kind: "stage",
      target: "jobflow-prod",
      ip: null,
      correlation_id: null,
      ...DONE,
    },
    { ...ADA, action: "webhook.rotate", kind: "webhook", target: "billing", ...DONE },
    { ...ADA, action: "jobs.discard", kind: "job", target: null, reason: "Sent by hand", ...FAILED },
  ];
  const many = jobs.map((target): Partial<Entry> => ({
    ...SHOP,
    action: "job.run-now",
    kind: "job",
    target,
    ...DONE,
  }));
  return [...rest, ...many].map((one, place) => entry(sim.now() - place * 7 * MINUTE, one));
}

function entry(at: number, given: Partial<Entry>): Entry {
  return {
    ...{ id: `${iso(at)}#0a1b2c3d4e5f`, at: iso(at), action: "", kind: "job", target: null, principal: "" },
    ...{ label: null, reason: null, ip: "2001:db8:85a3:8d3:1319:8a2e:370:7348" },
    ...{ correlation_id: "6a1de45f-45b5-4cf2-8fa3-0f8b5a0bd1b0", outcome: "done", status: 200, error: null },
    ...{ bulk: null, version: null },
    ended_at: iso(at + 40),
    ...given,
  };
}

function refusals(sim: Sim): Refusal[] {
  if (sim.jobs.size === 0) return [];
  const minute = (ago: number) => iso(Math.floor(sim.now() / MINUTE - ago) * MINUTE);
  return [
    { minute: minute(1), principal: "203.0.113.9", reason: "unknown token", count: 4096 },
    { minute: minute(1), principal: "others", reason: "unknown token", count: 130 },
    { minute: minute(2), principal: "2001:db8:85a3:8d3::/64", reason: "rate limited", count: 64 },
    { minute: minute(9), principal: SHOP.principal, reason: "Forbidden", count: 1 },
  ];
}

function page<T>(found: T[], query: URLSearchParams) {
  const start = Number(query.get("cursor") ?? 0);
  const end = start + Number(query.get("limit") ?? 50);
  return {
    rows: found.slice(start, end),
    next_cursor: end < found.length ? String(end) : null,
    looked: found.length,
  };
}

const list: Handler = ({ sim, query }) => {
  const [job, bulk, principal, action] = ["job", "bulk", "principal", "action"].map((name) =>
    query.get(name),
  );
  const after = query.get("created_after") ?? "";
  const fits = (one: Entry) =>
    (!job || one.target === job) &&
    (!bulk || one.target === bulk) &&
    (!principal || one.principal === principal) &&
    (!action || one.action === action) &&
    one.at >= after;
  const { rows, ...rest } = page(changes(sim).filter(fits), query);
  return { body: { entries: rows, ...rest } };
};

const refused: Handler = ({ sim, query }) => {
  const principal = query.get("principal");
  const { rows, ...rest } = page(
    refusals(sim).filter((one) => !principal || one.principal === principal),
    query,
  );
  return { body: { refusals: rows, ...rest } };
};

export const AUDIT_ROUTES: [string, RegExp, "admin", Handler][] = [
  ["GET", /^audit$/, "admin", list],
  ["GET", /^audit\/refusals$/, "admin", refused],
];
