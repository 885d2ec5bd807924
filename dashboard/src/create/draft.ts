import type { NewJob } from "@/api/jobs/newJob";
import type { Priority, WireMeta } from "@/api/wire";
import { count } from "@/texts/numbers";
import { isObject, type Json, type JsonObject } from "@/lib/json";
import type { Problems } from "@/create/fields/problems";
import { t } from "@/texts/en/create";

/** The options of a new job, without its payload, as typed. */
export interface Options {
  maxAttempts: string;
  when: "now" | "delay" | "at";
  delay: string;
  runAt: string;
  tags: string;
  key: string;
  priority: Priority;
}

export const NO_OPTIONS: Options = {
  ...{ maxAttempts: "", when: "now", delay: "", runAt: "", tags: "", key: "" },
  priority: "normal",
};

export function asObject(value: Json): JsonObject {
  return isObject(value) ? value : {};
}

const TAG = /^[A-Za-z0-9_.:/-]{1,40}$/;

export function tagsOf(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter(Boolean))];
}

export type Limits = Pick<WireMeta["limits"], "max_attempts" | "max_delay_s" | "tags">;

/** The limits that are used before those of the API are loaded; the API checks the options, too. */
export const NO_LIMITS: Limits = { max_attempts: Infinity, max_delay_s: Infinity, tags: Infinity };

/** Return the problems of the options, under the names of the API's fields. */
export function checkOptions(options: Options, limits: Limits, now: number): Problems {
  const found: Record<string, string> = {};
  const whole = (text: string, least: number, most: number) =>
    /^\d+$/.test(text) && Number(text) >= least && Number(text) <= most;
  if (options.maxAttempts && !whole(options.maxAttempts, 1, limits.max_attempts))
    found.max_attempts = t.wholeNumberFrom1(limits.max_attempts);
  if (options.when === "delay" && !whole(options.delay, 0, limits.max_delay_s))
    found.delay_seconds = t.wholeSecondsAtMost(count(limits.max_delay_s));
  if (options.when === "at") {
    const at = Date.parse(options.runAt);
    if (Number.isNaN(at)) found.run_at = t.pickDateAndTime;
    else if (at < now) found.run_at = t.thatTimeHasPassed;
  }
  const tags = tagsOf(options.tags);
  if (tags.length > limits.tags) found.tags = t.atMostTags(limits.tags);
  else if (tags.some((tag) => !TAG.test(tag))) found.tags = t.badTag;
  if (options.key && !isKey(options.key)) found.idempotency_key = t.badKey;
  return found;
}

/** Return true for a text that the API accepts as an idempotency key. */
export function isKey(text: string): boolean {
  return /^[\x21-\x7e]{1,255}$/.test(text);
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
    priority: options.priority === "normal" ? undefined : options.priority,
  };
}
