import type { Found, JobFilter } from "@/api/jobs/jobs";
import type { JobType } from "@/api/types";
import { toFilter, type JobsSearch } from "@/jobs/search";

/**
 * A place where a plain text can be found, in addition to the Idempotency-Key. Its name is also a part of the
 * search.
 */
export const PLACES = ["id", "tenant", "tag", "schedule", "payload", "error"] as const;
export type Place = (typeof PLACES)[number];

/** The texts that the API accepts in each place; for another text, the place is not searched. */
const FITS: Record<Place, RegExp> = {
  id: /^[0-9a-f-]{4,36}$/i,
  tenant: /^.{1,500}$/s,
  tag: /^[\w.:/-]{1,40}$/,
  schedule: /^.{1,61}$/s,
  payload: /^.{1,200}$/s,
  error: /^.{1,200}$/s,
};

/**
 * Return the search that finds a plain text in one place, with the other filters unchanged; null if the text
 * cannot be there.
 */
export function inPlace(search: JobsSearch, place: Place): JobsSearch | null {
  const { q, ...others } = search;
  if (!q || others[place] !== undefined || !FITS[place].test(q)) return null;
  return { ...others, [place]: place === "id" ? q.toLowerCase() : q };
}

/**
 * Return true if jobs of the type (without a type: of any type) can have a tenant. The API refuses to search by a
 * tenant if no job can have one. It does not know the fields of a type that was removed and still has jobs.
 */
export function haveTenants(
  types: readonly Pick<JobType, "type" | "fairBy" | "serialBy">[],
  type: string | undefined,
): boolean {
  const meant = types.filter((one) => type === undefined || one.type === type);
  return meant.length === 0 || meant.some((one) => one.fairBy !== null || one.serialBy !== null);
}

/** Return the places to search, each with its search and its filter. */
export function placesOf(
  search: JobsSearch,
  now: number,
  tenants: boolean,
): { place: Place; search: JobsSearch; filter: JobFilter }[] {
  return PLACES.flatMap((place) => {
    const one = place === "tenant" && !tenants ? null : inPlace(search, place);
    return one ? [{ place, search: one, filter: toFilter(one, now) }] : [];
  });
}

interface Answer<Name> {
  place: Name;
  found: Found | undefined;
}

/**
 * Return the places with jobs that no earlier place has: a tenant, for example, is also a value of the
 * payload.
 */
export function distinct<Name, One extends Answer<Name>>(
  answers: readonly One[],
): (One & { found: Found })[] {
  const shown = new Set<string>();
  return answers.filter((one): one is One & { found: Found } => {
    const { found } = one;
    const told = !found || found.jobs.every((job) => shown.has(job.id));
    for (const job of found?.jobs ?? []) shown.add(job.id);
    return !told;
  });
}
