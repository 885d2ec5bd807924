import { queryOptions } from "@tanstack/react-query";
import type { Schemas } from "jobflow-aws";
import { ask } from "@/api/client";
import { because } from "@/api/reason";

export type SessionState = Schemas["SessionRow"]["state"];

/** The session of a person who has signed in with the identity provider, without its text. */
export interface PersonSession {
  id: string;
  /** Who it is: the issuer, hashed, and its subject. */
  principal: string;
  /** The person's name; null: the stage does not ask the provider for it. */
  label: string | null;
  role: string;
  state: SessionState;
  createdAt: number;
  expiresAt: number;
  endedAt: number | null;
  endedBy: string | null;
}

export const sessionKey = ["sessions"] as const;

export const sessions = () =>
  queryOptions({
    queryKey: sessionKey,
    queryFn: async ({ signal }) => (await ask("get", "/sessions", { signal })).sessions.map(read),
  });

/** End all sessions of a person; return how many worked until now. */
export async function revokeSessions(principal: string, reason?: string): Promise<number> {
  return (await ask("post", "/sessions/revoke", { body: { principal, ...because(reason) } })).sessions;
}

function read(wire: Schemas["SessionRow"]): PersonSession {
  return {
    id: wire.id,
    principal: wire.principal,
    label: wire.label,
    role: wire.role,
    state: wire.state,
    createdAt: Date.parse(wire.created_at),
    expiresAt: Date.parse(wire.expires_at),
    endedAt: wire.ended_at === null ? null : Date.parse(wire.ended_at),
    endedBy: wire.ended_by,
  };
}
