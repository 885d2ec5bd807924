import { config } from "@/config";

const KEY = "jobflow.token";

/** The tab's token, or the local runner's. */
export function readToken(): string | null {
  return sessionStorage.getItem(KEY) ?? config().devToken ?? null;
}

export function keepToken(token: string): void {
  sessionStorage.setItem(KEY, token);
}

export function forgetToken(): void {
  sessionStorage.removeItem(KEY);
}
