import type { QueryClient } from "@tanstack/react-query";
import type { BulkTarget } from "@/api/jobs/bulk";
import type { Job, JobStatus } from "@/api/jobs/jobs";
import type { JsonObject } from "@/lib/json";
import { createStore } from "@/lib/store";
import { changing } from "@/jobs/changing";
import type { JobAction, OneAction } from "@/jobs/status";

/** The target of an action: one job, many jobs by id or by filter, or the dead letters of a type. */
export type Ask =
  | {
      kind: "one";
      action: OneAction;
      job: { id: string; type: string; status: JobStatus; maxAttempts: number; steps: number };
    }
  | {
      kind: "many";
      action: JobAction;
      target: BulkTarget;
      scope: Scope;
      reason?: string;
      /** Other values for fields of the payloads, by their paths. */
      edit?: JsonObject;
      onDone?: () => void;
    }
  | {
      /** Ask for another value of a field; `jobs` are the loaded ones of the target. */
      kind: "edit";
      jobs: readonly Job[];
      target: BulkTarget;
      scope: Scope;
      onDone?: () => void;
    }
  | { kind: "redrive"; type: string; count: number; reason?: string };

export type ManyAsk = Exclude<Ask, { kind: "one" | "edit" }>;

export function actionOf(question: ManyAsk): JobAction {
  return question.kind === "many" ? question.action : "retry";
}

/** How the jobs of a bulk action were selected; the question names it. */
export type Scope = "selected" | "matching" | { failedWith: string | null };

/** The question on screen; null if there is none. */
export const asking = createStore<Ask | null>(null);

/** Show a question; none about a job that is being changed, because the answer would be about its former status. */
export function ask(question: Ask): void {
  if (question.kind === "one" && changing.get().has(question.job.id)) return;
  asking.set(question);
}

/** After a change, load everything again that counts or shows jobs. The rows on screen keep their places. */
export async function refresh(client: QueryClient): Promise<void> {
  await Promise.all(
    [
      ["jobs", "head"],
      ["jobs", "one"],
      ["jobs", "some"],
      ["jobs", "steps"],
      ["metrics"],
      ["health"],
      ["errors"],
    ].map((queryKey) => client.invalidateQueries({ queryKey })),
  );
}
