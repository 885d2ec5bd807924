import type { ErrorGroup } from "@/api/metrics";

type Marked = Pick<ErrorGroup, "acknowledged" | "lastSeen">;

/** Return true for an error that was seen again after somebody acknowledged it. */
export function cameAgain({ acknowledged, lastSeen }: Marked): boolean {
  return acknowledged !== null && lastSeen > acknowledged.at;
}

/** Return the groups with those first that nobody knows of, or that came again. */
export function openFirst<Group extends Marked>(groups: Group[]): Group[] {
  const known = (group: Group) => group.acknowledged !== null && !cameAgain(group);
  return [...groups.filter((group) => !known(group)), ...groups.filter(known)];
}
