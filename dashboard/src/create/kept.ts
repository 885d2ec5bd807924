import * as v from "valibot";
import { parse, stringify, type JsonObject } from "@/lib/json";
import type { Options } from "./draft";

/** A form that was not sent yet. */
export interface Kept {
  payload: JsonObject;
  options: Options;
}

const text = v.string();
const Shape = v.object({
  payload: v.record(v.string(), v.any()),
  options: v.object({
    maxAttempts: text,
    when: v.picklist(["now", "delay", "at"]),
    delay: text,
    runAt: text,
    tags: text,
    key: text,
  }),
});
const PREFIX = "jobflow.draft.";

/** Keep what was typed for a new job of a type, in this tab only: a payload may be confidential. */
export function keepDraft(type: string, draft: Kept): void {
  try {
    sessionStorage.setItem(PREFIX + type, stringify(draft));
  } catch {
    // A full or forbidden storage costs the draft, not the form.
  }
}

/** Return the draft of a type; null when there is none, or when it is not one of ours. */
export function keptDraft(type: string): Kept | null {
  try {
    const found = v.safeParse(Shape, parse(sessionStorage.getItem(PREFIX + type) ?? "null"));
    return found.success ? found.output : null;
  } catch {
    return null;
  }
}

export function dropDraft(type: string): void {
  sessionStorage.removeItem(PREFIX + type);
}

const SENT = "jobflow.sent.";
const MOST_SENT = 5;
const LARGEST_SENT = 20_000;

/** Return the payloads of a type that were sent from this tab, newest first. */
export function sentPayloads(type: string): string[] {
  try {
    return v.parse(v.array(text), JSON.parse(sessionStorage.getItem(SENT + type) ?? "[]"));
  } catch {
    return [];
  }
}

/** Keep a payload that was sent, in this tab only; one over `LARGEST_SENT` characters is not kept. */
export function keepSent(type: string, payload: string): void {
  if (payload.length > LARGEST_SENT) return;
  const others = sentPayloads(type).filter((one) => one !== payload);
  try {
    sessionStorage.setItem(SENT + type, JSON.stringify([payload, ...others].slice(0, MOST_SENT)));
  } catch {
    // A full or forbidden storage costs a prefill, not the job.
  }
}
