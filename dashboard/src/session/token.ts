import { config } from "@/config";
import { TOKEN_KEY } from "./key";

/** The tab's token, or the local runner's. */
export function readToken(): string | null {
  return sessionStorage.getItem(TOKEN_KEY) ?? config().devToken ?? null;
}

export function keepToken(token: string): void {
  sessionStorage.setItem(TOKEN_KEY, token);
}

/** Remove the token, and keep what else the tab holds: whoever signs in again goes on with the draft. */
export function forgetToken(): void {
  sessionStorage.removeItem(TOKEN_KEY);
}

/** Remove everything the tab holds: the token, drafts and payloads, which may be confidential. */
export function forgetTab(): void {
  sessionStorage.clear();
}
