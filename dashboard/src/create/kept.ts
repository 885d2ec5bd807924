import { isObject, parse, stringify, type JsonObject } from "@/lib/json";
import { NO_OPTIONS, type Options } from "./draft";
import { PRIORITIES } from "./fields/PriorityField";

/** A form that was not sent yet. */
export interface Kept {
  payload: JsonObject;
  options: Options;
}

const PREFIX = "jobflow.draft.";

/** Store the typed content of a new job of a type, in this tab only: a payload may be confidential. */
export function keepDraft(type: string, draft: Kept): void {
  try {
    sessionStorage.setItem(PREFIX + type, stringify(draft));
  } catch {
    // If the storage is full or forbidden, only the draft is lost, not the form.
  }
}

/** Return the draft of a type; null if there is none, or if the stored value is not a draft. */
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
    ["now", "delay", "at"].some((one) => one === options.when) &&
    PRIORITIES.some((one) => one === options.priority)
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

/** Store a payload that was sent, in this tab only; not if it has more than `LARGEST_SENT` characters. */
export function keepSent(type: string, payload: string): void {
  if (payload.length > LARGEST_SENT) return;
  const others = sentPayloads(type).filter((one) => one !== payload);
  try {
    sessionStorage.setItem(SENT + type, JSON.stringify([payload, ...others].slice(0, MOST_SENT)));
  } catch {
    // If the storage is full or forbidden, only the suggestion for the next job is lost, not the job.
  }
}
