/**
 * Personal fields: every request asks the API for masks in their place, except the requests about the job whose values
 * the user has asked to see.
 */
import { createStore } from "@/lib/store";
import { stringify, type Json } from "@/lib/json";

/** What the API sends in place of the value of a personal field. */
const MASK = "[personal]";

/** The job whose personal fields are shown; null for none. It is not kept when the page is left or loaded again. */
export const shownJob = createStore<string | null>(null);

/** Return whether a payload or a result has a mask. */
export const hasMask = (value: Json | undefined): boolean =>
  value != null && stringify(value).includes(`"${MASK}"`);
