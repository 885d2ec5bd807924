import { because } from "@/api/reason";
import { queryOptions } from "@tanstack/react-query";
import { ask } from "@/api/client";

/** A named filter of the list of jobs. */
export interface View {
  name: string;
  /** The query string of the list. */
  search: string;
}

/** A view that all users of the stage share. */
export interface SharedView extends View {
  id: string;
  by: string;
  /** When it was saved, as the API says it. */
  at: string;
}

/** The views that all users of the stage share, by name. */
export const sharedViews = () =>
  queryOptions({
    queryKey: ["views"],
    queryFn: async ({ signal }): Promise<SharedView[]> => (await ask("get", "/views", { signal })).views,
  });

/** The characters that the query string of a shared view may have. */
export const LONGEST_SEARCH = 2000;

/**
 * Save a view for all users of the stage in place of `replaced`, or as a new one. The API refuses to replace any other
 * view: somebody may have saved it meanwhile.
 */
export async function shareView(
  { name, search }: View,
  replaced?: SharedView,
  reason?: string,
): Promise<SharedView> {
  const which = replaced ? { replaces: replaced.at } : { only_new: true };
  return await ask("post", "/views", {
    body: { name, search, only_new: false, ...which, ...because(reason) },
  });
}

/** Delete a view for all users of the stage; returns what was deleted, which another person may have changed. */
export async function unshareView(id: string): Promise<SharedView> {
  return await ask("delete", "/views/{view_id}", { path: { view_id: id } });
}
