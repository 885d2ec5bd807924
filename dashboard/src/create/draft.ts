import type { NewJob } from "@/api/jobs";
import type { JobType } from "@/api/types";
import { isObject, type Json, type JsonObject } from "@/lib/json";
import type { Problems } from "@/create/fields/validate";

/** Options of a new job beside its payload, as typed. */
export interface Options {
  maxAttempts: string;
  when: "now" | "delay" | "at";
  delay: string;
  runAt: string;
  tags: string;
  key: string;
}

export const NO_OPTIONS: Options = { maxAttempts: "", when: "now", delay: "", runAt: "", tags: "", key: "" };

export function asObject(value: Json): JsonObject {
  return isObject(value) ? value : {};
}

const MOST_DELAY_S = 365 * 86_400;
const TAG = /^[A-Za-z0-9_.:/-]{1,40}$/;

export function tagsOf(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter(Boolean))];
}

/** Return the problems of the options, under the names of the API's fields. `most` is the most attempts of a job. */
export function checkOptions(options: Options, most: number, now: number): Problems {
  const found: Record<string, string> = {};
  const whole = (text: string, least: number, most: number) =>
    /^\d+$/.test(text) && Number(text) >= least && Number(text) <= most;
  if (options.maxAttempts && !whole(options.maxAttempts, 1, most))
    found.max_attempts = `A whole number from 1 to ${most}.`;
  if (options.when === "delay" && !whole(options.delay, 0, MOST_DELAY_S))
    found.delay_seconds = "Whole seconds, at most a year.";
  if (options.when === "at") {
    const at = Date.parse(options.runAt);
    if (Number.isNaN(at)) found.run_at = "Pick a date and a time.";
    else if (at < now) found.run_at = "That time has passed.";
  }
  const tags = tagsOf(options.tags);
  if (tags.length > 10) found.tags = "At most 10 tags.";
  else if (tags.some((tag) => !TAG.test(tag)))
    found.tags = "Letters, digits and . _ : / - only, at most 40 each.";
  if (options.key && !/^[\x21-\x7e]{1,255}$/.test(options.key))
    found.idempotency_key = "At most 255 visible ASCII characters, no spaces.";
  return found;
}

export function toNewJob(type: string, payload: JsonObject, options: Options): NewJob {
  return {
    type,
    payload,
    maxAttempts: options.maxAttempts ? Number(options.maxAttempts) : undefined,
    delaySeconds: options.when === "delay" ? Number(options.delay) : undefined,
    runAt: options.when === "at" ? Date.parse(options.runAt) : undefined,
    tags: tagsOf(options.tags),
    idempotencyKey: options.key || undefined,
  };
}

/** Return the most attempts that a job may ask for: the API tells a wait before each of them but the first. */
export function mostAttempts({ retryWaits }: Pick<JobType, "retryWaits">): number {
  return retryWaits.length + 1;
}
