import { createStore } from "@/lib/store";
import type { JobsSearch } from "./search";

/** The list from which a job was opened: the job's page can return to it and move through it. */
interface Trail {
  search: JobsSearch;
  ids: readonly string[];
  /** The job whose page is open. */
  reading: string | null;
}
export const trail = createStore<Trail>({ search: {}, ids: [], reading: null });

export interface Place {
  /** The position, from 1; 0 if the job is not in the list. */
  number: number;
  before: string | undefined;
  after: string | undefined;
}

/** Return the position of a job in a list. */
export function placeOf(id: string, ids: readonly string[]): Place {
  const at = ids.indexOf(id);
  return at < 0
    ? { number: 0, before: undefined, after: undefined }
    : { number: at + 1, before: ids[at - 1], after: ids[at + 1] };
}
