/**
 * Answers kept with their entity tags (RFC 9110, section 13.1.2), so that a poll that would see nothing new costs no
 * body. They belong to one token: another token, or none, drops them.
 */
export interface Kept {
  tag: string;
  body: unknown;
}

export class KeptAnswers {
  readonly #kept = new Map<string, Kept>();
  readonly #most: number;
  #owner: string | null = null;

  constructor(most: number) {
    this.#most = most;
  }

  /** Return the kept answer of an address; undefined when there is none for this token. */
  find(url: string, token: string | null): Kept | undefined {
    if (token !== this.#owner) this.#kept.clear();
    this.#owner = token;
    return this.#kept.get(url);
  }

  /** Keep an answer that carries an entity tag; the oldest one makes room. */
  keep(url: string, token: string | null, tag: string | null, body: unknown): void {
    if (token !== this.#owner) return;
    this.#kept.delete(url);
    if (tag === null) return;
    this.#kept.set(url, { tag, body });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > this.#most && oldest !== undefined) this.#kept.delete(oldest);
  }
}
