import { createStore } from "@/lib/store";
import type { JobsSearch } from "./search";

/** The list that a job was opened from: its page leads back to it and steps through it. */
interface Trail {
  search: JobsSearch;
  ids: readonly string[];
  /** The job that is being read. */
  reading: string | null;
}
export const trail = createStore<Trail>({ search: {}, ids: [], reading: null });

export interface Place {
  /** From 1; 0 when the job is not of the list. */
  number: number;
  before: string | undefined;
  after: string | undefined;
}

/** Return the place of a job in a list. */
export function placeOf(id: string, ids: readonly string[]): Place {
  const at = ids.indexOf(id);
  return at < 0
    ? { number: 0, before: undefined, after: undefined }
    : { number: at + 1, before: ids[at - 1], after: ids[at + 1] };
}
