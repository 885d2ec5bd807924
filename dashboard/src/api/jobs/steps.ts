import { queryOptions } from "@tanstack/react-query";
import type { Json } from "@/lib/json";
import { ask } from "@/api/client";

/** A kept step of a job: a step, the end of a sleep or a wait, or an event. Times in milliseconds. */
export interface KeptStep {
  kind: "step" | "sleep" | "wait" | "call" | "event" | "now" | "uuid" | "try" | "version" | "stop";
  name: string;
  at: number;
  value: Json;
  tookMs: number | null;
  until: number | null;
  by: string | null;
  timedOut: boolean;
}

export const keptSteps = (id: string) =>
  queryOptions({
    queryKey: ["jobs", "steps", id],
    queryFn: async ({ signal }) => {
      const { steps, older } = await ask("get", "/jobs/{job_id}/steps", { path: { job_id: id }, signal });
      const rows: KeptStep[] = steps.map((step) => ({
        kind: step.kind,
        name: step.name,
        at: Date.parse(step.kept_at),
        value: step.value as Json,
        tookMs: step.took_s === null ? null : step.took_s * 1000,
        until: step.until === null ? null : Date.parse(step.until),
        by: step.by,
        timedOut: step.timed_out,
      }));
      return { rows, older };
    },
  });
