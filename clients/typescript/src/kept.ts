/** A kept answer, with its entity tag. */
export interface Kept {
  tag: string;
  body: unknown;
}
export type KeptAnswers = ReturnType<typeof keeping>;

/**
 * Keep answers with their entity tags (RFC 9110, section 13.1.2), so that a poll receives no body if nothing has
 * changed. The answers belong to one token: a request with another token, or without one, deletes them.
 */
export function keeping(most: number) {
  const answers = new Map<string, Kept>();
  let owner: string | null = null;
  return {
    /** Return the kept answer of an address; undefined if there is none for this token. */
    find(url: string, token: string | null): Kept | undefined {
      if (token !== owner) answers.clear();
      owner = token;
      return answers.get(url);
    },

    /** Keep an answer that has an entity tag. Above the maximum, the oldest answer is deleted. */
    keep(url: string, token: string | null, tag: string | null, body: unknown): void {
      answers.delete(url);
      if (tag === null || token !== owner) return;
      answers.set(url, { tag, body });
      const [oldest] = answers.keys();
      if (answers.size > most && oldest !== undefined) answers.delete(oldest);
    },
  };
}
