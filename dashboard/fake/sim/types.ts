import { readFileSync } from "node:fs";
import type { components } from "jobflow-aws";
import type { JsonObject } from "../../src/lib/json";
import { pick, type Random } from "./rng";

export type JobTypeRow = components["schemas"]["JobTypeRow"];

/** The standard curve: it doubles from 2 s to an hour. */
export const waits = Array.from({ length: 29 }, (_, at) => Math.min(3600, 2 ** (at + 1)));

const read = JSON.parse(readFileSync(new URL("job-types.json", import.meta.url), "utf8")) as Omit<
  JobTypeRow,
  | "retry_waits"
  | "limits"
  | "retired"
  | "fair_by"
  | "give_up_after"
  | "retry_on"
  | "fail_on"
  | "expires"
  | "enqueues"
  | "on_end"
  | "takes_ends"
  | "unique_for"
  | "unique_by"
>[];

/** The built-in job types, as GET /job-types shows them. */
export const types = read.map((one) => ({
  ...one,
  retry_waits: waits,
  limits: [] as JobTypeRow["limits"],
  rates: [] as JobTypeRow["rates"],
  retired: false,
  fair_by: null as string | null,
  give_up_after: null,
  retry_on: [] as string[],
  fail_on: [] as string[],
  expires: null,
  enqueues: [] as string[],
  on_end: null,
  takes_ends: false,
  unique_for: null,
  unique_by: [] as string[],
})) as [JobTypeRow, ...JobTypeRow[]];

const PEOPLE = ["ada", "grace", "edsger", "barbara", "donald", "margaret", "alan"] as const;
const SUBJECTS = [
  "Your order has shipped",
  "Welcome aboard",
  "Your invoice for November",
  "Password changed",
] as const;

/** A payload as a producer would send it. */
export function examplePayload(type: string, random: Random): JsonObject {
  if (type === "email.send") {
    const subject = pick(random, SUBJECTS);
    return { to: [`${pick(random, PEOPLE)}@example.com`], subject, text: `${subject}.` };
  }
  if (type === "image.process") {
    const missing = random() < 0.08;
    return {
      key: missing ? `uploads/lost/${Math.floor(random() * 1e6)}.jpg` : "uploads/examples/landscape.jpg",
      resize: { width: 800, height: 800 },
      format: "webp",
    };
  }
  return { hours: pick(random, [24, 168, 720]), formats: ["csv", "html"] };
}
