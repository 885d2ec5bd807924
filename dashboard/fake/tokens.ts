import type { components } from "jobflow-aws";
import type { Handler } from "./handler";
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

export const TOKEN_ROUTES: [string, RegExp, "admin", Handler][] = [
  [
    "GET",
    /^tokens$/,
    "admin",
    ({ sim }) => ({ body: { tokens: sim.jobs.size === 0 ? [] : tokens(Date.now()) } }),
  ],
];
