import { isObject, parse, stringify, type JsonObject } from "@/lib/json";
import { NO_OPTIONS, type Options } from "./draft";

/** A form that was not sent yet. */
export interface Kept {
  payload: JsonObject;
  options: Options;
}

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
    const found = parse(sessionStorage.getItem(PREFIX + type) ?? "null");
    return isKept(found) ? found : null;
  } catch {
    return null;
  }
}

function isKept(found: unknown): found is Kept {
  if (!isObject(found) || !isObject(found.payload) || !isObject(found.options)) return false;
  const { options } = found;
  return (
    Object.keys(NO_OPTIONS).every((name) => typeof options[name] === "string") &&
    ["now", "delay", "at"].some((one) => one === options.when)
  );
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
    const found: unknown = JSON.parse(sessionStorage.getItem(SENT + type) ?? "[]");
    return Array.isArray(found) ? found.filter((one) => typeof one === "string") : [];
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
