import type { components } from "jobflow-aws";
import type { Handler } from "./handler";
import { readJson } from "./http";
import { iso } from "./sim/model";

type Token = components["schemas"]["TokenRow"];

const DAY = 86_400_000;
const ADA = "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_AdministratorAccess_0123456789abcdef/ada";

/** Tokens of each kind: with and without a scope, rotated, expired, revoked, never used. */
function tokens(now: number): Token[] {
  const plain: Token = {
    ...{ id: "1f2e3d4c5b6a7980", principal: "1f2e3d4c5b6a7980", role: "admin", label: "ada", state: "works" },
    ...{ created_at: iso(now - 40 * DAY), expires_at: null, last_used_at: iso(now - DAY / 48) },
    ...{
      revoked_at: null,
      issued_by: ADA,
      types: null,
      tenants: null,
      payloads: true,
      personal: true,
      rate: null,
    },
  };
  const shop: Token = {
    ...plain,
    ...{ id: "0a1b2c3d4e5f6071", principal: "0a1b2c3d4e5f6071", role: "operator", rate: 6000 },
    ...{
      label: "shop-backend with a label that is as long as labels can be, 80",
      types: ["email.send", "report.*"],
    },
    ...{ tenants: ["acme"], expires_at: iso(now + DAY / 24) },
  };
  const others: Token[] = [
    { ...shop, id: "5d41402abc4b2a76", created_at: iso(now - DAY), expires_at: iso(now + 89 * DAY) },
    shop,
    plain,
    {
      ...plain,
      id: "2222222222222222",
      principal: "2222222222222222",
      role: "viewer",
      label: "grafana",
      payloads: false,
      last_used_at: null,
      issued_by: null,
    },
    {
      ...plain,
      id: "3333333333333333",
      principal: "3333333333333333",
      role: "viewer",
      label: "old",
      state: "expired",
      expires_at: iso(now - 3 * DAY),
    },
    {
      ...plain,
      id: "4444444444444444",
      principal: "4444444444444444",
      role: "operator",
      label: "leaked",
      state: "revoked",
      revoked_at: iso(now - DAY),
    },
  ];
  return others;
}

type Session = components["schemas"]["SessionRow"];
const HOUR = 3_600_000;
const GRACE = "oidc:0f1e2d3c:00u1a2b3c4d5e6f7g8h9";

/** When the sessions of a person were ended, for each run of the simulation. */
const ENDED = new WeakMap<object, Map<string, number>>();

/** Sessions of each kind: with and without a name, expired, ended by an administrator, of a long subject. */
function sessions(now: number, ended: ReadonlyMap<string, number>): Session[] {
  const grace: Session = {
    ...{ id: "aaaa000011112222", principal: GRACE, label: "Grace Hopper", role: "operator", state: "works" },
    ...{ created_at: iso(now - 2 * HOUR), expires_at: iso(now + 6 * HOUR), ended_at: null, ended_by: null },
  };
  const made: Session[] = [
    grace,
    {
      ...grace,
      ...{ id: "bbbb000011112222", label: null, role: "viewer", created_at: iso(now - HOUR) },
      ...{ principal: `oidc:0f1e2d3c:${"x".repeat(120)}`, expires_at: iso(now + 7 * HOUR) },
    },
    {
      ...grace,
      ...{ id: "cccc000011112222", principal: "oidc:0f1e2d3c:00u9", label: "Alan", role: "admin" },
      ...{ state: "expired", created_at: iso(now - 10 * HOUR), expires_at: iso(now - 2 * HOUR) },
    },
    {
      ...grace,
      ...{ id: "dddd000011112222", created_at: iso(now - 5 * HOUR), expires_at: iso(now + 3 * HOUR) },
      ...{ state: "ended", ended_at: iso(now - 3 * HOUR), ended_by: "1f2e3d4c5b6a7980" },
    },
  ];
  return made.map((one) => {
    const at = ended.get(one.principal);
    return at === undefined || one.state !== "works"
      ? one
      : { ...one, state: "ended", ended_at: iso(at), ended_by: "local" };
  });
}

const listed: Handler = ({ sim }) => ({
  body: { sessions: sim.jobs.size === 0 ? [] : sessions(Date.now(), ENDED.get(sim) ?? new Map()) },
});

const revoke: Handler = async ({ sim, request }) => {
  const { principal } = (await readJson(request)) as { principal: string };
  const ended = ENDED.get(sim) ?? new Map<string, number>();
  const works = sessions(Date.now(), ended).filter(
    (one) => one.principal === principal && one.state === "works",
  );
  ENDED.set(sim, ended.set(principal, Date.now()));
  return { body: { principal, sessions: works.length } };
};

export const TOKEN_ROUTES: [string, RegExp, "admin", Handler][] = [
  [
    "GET",
    /^tokens$/,
    "admin",
    ({ sim }) => ({ body: { tokens: sim.jobs.size === 0 ? [] : tokens(Date.now()) } }),
  ],
  ["GET", /^sessions$/, "admin", listed],
  ["POST", /^sessions\/revoke$/, "admin", revoke],
];
