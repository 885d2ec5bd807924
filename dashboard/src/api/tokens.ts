import { queryOptions } from "@tanstack/react-query";
import type { Schemas } from "jobflow-aws";
import { ask } from "@/api/client";

export type TokenState = Schemas["TokenRow"]["state"];

/** One secret of a token, without its text. */
export interface Token {
  id: string;
  principal: string;
  role: string;
  label: string;
  state: TokenState;
  createdAt: number;
  expiresAt: number | null;
  lastUsedAt: number | null;
  issuedBy: string | null;
  /** Null: all. */
  types: string[] | null;
  tenants: string[] | null;
  payloads: boolean;
  personal: boolean;
}

export const tokens = () =>
  queryOptions({
    queryKey: ["tokens"],
    queryFn: async ({ signal }) => (await ask("get", "/tokens", { signal })).tokens.map(readToken),
  });

function readToken(wire: Schemas["TokenRow"]): Token {
  return {
    id: wire.id,
    principal: wire.principal,
    role: wire.role,
    label: wire.label,
    state: wire.state,
    createdAt: Date.parse(wire.created_at),
    expiresAt: time(wire.expires_at),
    lastUsedAt: time(wire.last_used_at),
    issuedBy: wire.issued_by,
    types: wire.types,
    tenants: wire.tenants,
    payloads: wire.payloads,
    personal: wire.personal,
  };
}

function time(text: string | null): number | null {
  return text === null ? null : Date.parse(text);
}
