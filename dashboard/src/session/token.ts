import { config } from "@/config";
import { TOKEN_KEY } from "./key";

/** The tab's token, or the token of the local platform. */
export function readToken(): string | null {
  return sessionStorage.getItem(TOKEN_KEY) ?? config().devToken ?? null;
}

export function keepToken(token: string): void {
  sessionStorage.setItem(TOKEN_KEY, token);
}

/** Remove the token, and keep the tab's other data: a user who signs in again continues with the draft. */
export function forgetToken(): void {
  sessionStorage.removeItem(TOKEN_KEY);
}

/** Remove all data of the tab: the token, drafts and payloads, which may be confidential. */
export function forgetTab(): void {
  sessionStorage.clear();
}
