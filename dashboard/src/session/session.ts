import { useQuery } from "@tanstack/react-query";
import { connectSession } from "@/api/client";
import { isStatus } from "@/api/numbers/errors";
import { me, type Role } from "@/api/types";
import { createStore, useStore } from "@/lib/store";
import { forgetTab, forgetToken, keepToken, readToken } from "./token";

interface Session {
  token: string | null;
  /** True if the API refused the last token. */
  refused: boolean;
}
const session = createStore<Session>({ token: null, refused: false });

/** Use the tab's token, or the token of the local platform. */
export function startSession(): void {
  session.set({ token: readToken(), refused: false });
  connectSession({
    token: () => session.get().token,
    onUnauthorized: () => {
      forgetToken();
      session.set({ token: null, refused: true });
    },
  });
}

export function signIn(token: string): void {
  keepToken(token);
  session.set({ token, refused: false });
}

export function signOut(): void {
  forgetTab();
  session.set({ token: null, refused: false });
}

export function useSession(): Session {
  return useStore(session);
}

/** Return the signed-in principal. `can` contains what the role allows; the API checks it again. */
export function useMe() {
  const { token } = useSession();
  const query = useQuery(me(token));
  const role = query.data?.role ?? null;
  return {
    label: query.data?.label ?? null,
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
