import type { QueryClient } from "@tanstack/react-query";
import type { BulkTarget } from "@/api/bulk";
import type { JobStatus } from "@/api/jobs";
import { createStore } from "@/lib/store";
import type { JobAction } from "@/jobs/status";

/** One job, shown as it is; or many, by id or by filter. */
export type Ask =
  | {
      kind: "one";
      action: JobAction;
      job: { id: string; type: string; status: JobStatus; maxAttempts: number };
    }
  | { kind: "many"; action: JobAction; target: BulkTarget; what: string; onDone?: () => void }
  | { kind: "redrive"; type: string; count: number };

/** What somebody is being asked to confirm. */
export const asking = createStore<Ask | null>(null);

export function ask(question: Ask): void {
  asking.set(question);
}

/** After a change: everything that counts or shows jobs is asked for again; the rows on screen stay where they are. */
export async function refresh(client: QueryClient): Promise<void> {
  await Promise.all(
    [["jobs", "head"], ["jobs", "one"], ["jobs", "some"], ["metrics"], ["errors"]].map((queryKey) =>
      client.invalidateQueries({ queryKey }),
    ),
  );
}
