/**
 * The visible texts, by module and language. English is part of each screen's code. Another language is one file, which
 * is loaded before anything is drawn, so that a text is a plain value wherever it is used.
 */
export const LANGUAGES = [
  ["en", "English"],
  ["de", "Deutsch"],
] as const;
export type Language = (typeof LANGUAGES)[number][0];

export type Room =
  | "base"
  | "shell"
  | "health"
  | "help"
  | "palette"
  | "landing"
  | "jobs"
  | "list"
  | "charts"
  | "queues"
  | "schedules"
  | "webhooks"
  | "audit"
  | "tokens"
  | "signIn"
  | "limits"
  | "usage"
  | "create"
  | "batches"
  | "bulk"
  | "fanout"
  | "actions"
  | "detail"
  | "errors"
  | "why";

let spoken: Language = "en";
let translated: Partial<Record<Room, object>> = {};

/** Return the texts of a module in the current language. */
export function texts<T extends object>(room: Room, english: T): T {
  return (translated[room] as T | undefined) ?? english;
}

export function language(): Language {
  return spoken;
}

/** Return the stored language, else the first of the browser's languages that the console has, else English. */
export function chooseLanguage(stored: unknown, wanted: readonly string[]): Language {
  const [found] = [String(stored), ...wanted].flatMap((one) => {
    const main = one.toLowerCase().split("-", 1)[0];
    return LANGUAGES.flatMap(([code]) => (code === main ? [code] : []));
  });
  return found ?? "en";
}

/** Use another language. Call it before any module that calls `texts` runs. */
export function speak(next: Language, words: Record<Room, object>): void {
  translated = words;
  spoken = next;
}
