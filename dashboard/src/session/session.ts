import { useQuery } from "@tanstack/react-query";
import { connectSession } from "@/api/client";
import { isStatus } from "@/api/numbers/errors";
import { me, type Role } from "@/api/types";
import { createStore, useStore } from "@/lib/store";
import { toast } from "@/ui/overlay/toast";
import { t } from "@/texts/en/shell";
import { forgetTab, forgetToken, keepToken, readToken } from "./token";

interface Session {
  token: string | null;
  /** True if the API refused the last token. */
  refused: boolean;
  /** What the last token was: that of a session, which people have who sign in with their provider, or an API token. */
  was?: "session" | "token";
}
const session = createStore<Session>({ token: null, refused: false });

/** The text of a session begins so. */
const SESSION = "jfs_";
const isSession = (token: string | null) => token?.startsWith(SESSION) ?? false;

/** Use the tab's token, or the token of the local platform. */
export function startSession(): void {
  session.set({ token: readToken(), refused: false });
  connectSession({
    token: () => session.get().token,
    onUnauthorized: () => {
      const was = isSession(session.get().token) ? "session" : "token";
      forgetToken();
      session.set({ token: null, refused: true, was });
    },
  });
}

export function signIn(token: string): void {
  keepToken(token);
  session.set({ token, refused: false });
}

/** Forget everything in this tab, and end a session on the server. */
export function signOut(): void {
  const { token } = session.get();
  forgetTab();
  session.set({ token: null, refused: false });
  if (token !== null && isSession(token)) void end(token);
}

async function end(token: string): Promise<void> {
  const done = await import("./signIn").then(
    ({ endSession }) => endSession(token),
    () => false,
  );
  if (!done) toast.problem(t.sessionNotEnded);
}

export function useSession(): Session {
  return useStore(session);
}

/** Return the signed-in principal. `can` contains what the role allows; the API checks it again. */
export function useMe() {
  const { token } = useSession();
  const query = useQuery(me(token));
  const role = query.data?.role ?? null;
  const ends = query.data?.expires_at ?? null;
  return {
    label: query.data ? query.data.label || query.data.id : null,
    /** When a session ends, in milliseconds; null for an API token. */
    sessionEnds: isSession(token) && ends !== null ? Date.parse(ends) : null,
    role,
    unknown: query.isError && !isStatus(query.error, 401),
    query,
    can: {
      act: atLeast(role, "operator"),
      administer: atLeast(role, "admin"),
      seePersonal: query.data?.personal === true,
    },
  };
}

const RANK: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 };

export function atLeast(role: Role | null, needed: Role): boolean {
  return role !== null && RANK[role] >= RANK[needed];
}
