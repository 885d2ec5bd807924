import { config } from "@/config";
import { TOKEN_KEY } from "./key";

/** The tab's token, or the local runner's. */
export function readToken(): string | null {
  return sessionStorage.getItem(TOKEN_KEY) ?? config().devToken ?? null;
}

export function keepToken(token: string): void {
  sessionStorage.setItem(TOKEN_KEY, token);
}

export function forgetToken(): void {
  sessionStorage.removeItem(TOKEN_KEY);
}
