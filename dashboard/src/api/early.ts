/**
 * Send the first requests of a page before the code that shows the answers is loaded; `request()` returns these
 * answers. This module runs first, so it is small and imports nothing.
 */
type Answer = Promise<Response>;

/** Milliseconds after the start of a page during which an early answer counts as new. */
const FRESH_MS = 10_000;

const underWay = new Map<string, Answer>();
let file: Answer | undefined;
let asker: string | undefined;

/** The answer of /config.json, requested once; its body can be read once. */
export function configFile(): Answer {
  return (file ??= fetch("/config.json"));
}

/**
 * Request these paths of the API, with the token of the tab. The code that uses an answer repeats a failed request and
 * shows the error.
 */
export async function askEarly(paths: readonly string[], token: string | null): Promise<void> {
  try {
    const config = (await (await configFile()).clone().json()) as { apiUrl: string; devToken?: string };
    const bearer = token ?? config.devToken;
    if (!bearer) return;
    asker = bearer;
    // the header that the client sends for `personal: "hide"`
    const headers = { Accept: "application/json; personal=hide", Authorization: `Bearer ${bearer}` };
    for (const path of paths) keep(config.apiUrl.replace(/\/+$/, "") + path, headers);
  } catch {
    // Ignore a missing configuration here: `config.ts` shows the error.
  }
}

/**
 * Return the pending answer to a request with this token, to the first caller only; undefined once it would be too old.
 */
export function takeEarly(url: string, token: string | null): Answer | undefined {
  if (performance.now() > FRESH_MS || token !== asker) underWay.clear();
  const answer = underWay.get(url);
  underWay.delete(url);
  return answer;
}

function keep(url: string, headers: Record<string, string>): void {
  const answer = fetch(url, { headers });
  answer.catch(() => undefined);
  underWay.set(url, answer);
}
