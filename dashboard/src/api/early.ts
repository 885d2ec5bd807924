/**
 * The first questions of a page, asked before the code that shows the answers is there; `request()` takes the answers
 * up. This module runs first, so it is small and imports nothing.
 */
type Answer = Promise<Response>;

/** Milliseconds after the start of a page in which an early answer counts as new. */
const FRESH_MS = 10_000;

const underWay = new Map<string, Answer>();
let file: Answer | undefined;
let asker: string | undefined;

/** The answer of /config.json, asked for once; its body may be read once. */
export function configFile(): Answer {
  return (file ??= fetch("/config.json"));
}

/** Ask the API for these paths, as whoever is signed in. What fails here is asked again, and told, where it is used. */
export async function askEarly(paths: readonly string[], token: string | null): Promise<void> {
  try {
    const config = (await (await configFile()).clone().json()) as { apiUrl: string; devToken?: string };
    const bearer = token ?? config.devToken;
    if (!bearer) return;
    asker = bearer;
    const headers = { Accept: "application/json", Authorization: `Bearer ${bearer}` };
    for (const path of paths) keep(config.apiUrl.replace(/\/+$/, "") + path, headers);
  } catch {
    // No configuration: said where it is read for good.
  }
}

/** The answer that is under way to a question of this token's, for the first who asks; undefined once it would be old. */
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
