import { createStore } from "@/lib/store";
import type { OneAction } from "./status";

/** The jobs whose change was requested, and that the API has not answered yet. */
export const changing = createStore<ReadonlyMap<string, OneAction>>(new Map());

/** Mark a job as being changed until the returned function is called. */
export function beginChange(id: string, action: OneAction): () => void {
  changing.update((now) => new Map(now).set(id, action));
  return () =>
    changing.update((now) => {
      const next = new Map(now);
      next.delete(id);
      return next;
    });
}
