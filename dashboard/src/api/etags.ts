/**
 * Answers kept with their entity tags (RFC 9110, section 13.1.2), so that a poll that would see nothing new costs no
 * body. They belong to one token: another token, or none, drops them.
 */
interface Kept {
  tag: string;
  body: unknown;
}

/** A page polls fewer addresses than this; a moving time range makes a new address each time. */
const MOST = 24;

const kept = new Map<string, Kept>();
let owner: string | null = null;

/** Return the kept answer of an address; undefined when there is none for this token. */
export function keptAnswer(url: string, token: string | null): Kept | undefined {
  if (token !== owner) dropAnswers();
  owner = token;
  return kept.get(url);
}

/** Keep an answer that carries an entity tag; the oldest one makes room. */
export function keepAnswer(url: string, tag: string | null, body: unknown): void {
  kept.delete(url);
  if (tag === null) return;
  kept.set(url, { tag, body });
  const [oldest] = kept.keys();
  if (kept.size > MOST && oldest !== undefined) kept.delete(oldest);
}

export function dropAnswers(): void {
  kept.clear();
}
