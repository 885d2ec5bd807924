/** An answer as it was kept, with its entity tag. */
export interface Kept {
  tag: string;
  body: unknown;
}
export type KeptAnswers = ReturnType<typeof keeping>;

/**
 * Answers kept with their entity tags (RFC 9110, section 13.1.2), so that a poll that would see nothing new costs no
 * body. They belong to one token: another token, or none, drops them.
 */
export function keeping(most: number) {
  const answers = new Map<string, Kept>();
  let owner: string | null = null;
  return {
    /** Return the kept answer of an address; undefined when there is none for this token. */
    find(url: string, token: string | null): Kept | undefined {
      if (token !== owner) answers.clear();
      owner = token;
      return answers.get(url);
    },

    /** Keep an answer that carries an entity tag; the oldest one makes room. */
    keep(url: string, token: string | null, tag: string | null, body: unknown): void {
      answers.delete(url);
      if (tag === null || token !== owner) return;
      answers.set(url, { tag, body });
      const [oldest] = answers.keys();
      if (answers.size > most && oldest !== undefined) answers.delete(oldest);
    },
  };
}
