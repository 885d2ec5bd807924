import type { ErrorGroup } from "@/api/numbers/metrics";

type State = Pick<ErrorGroup, "state">;

const ORDER: ErrorGroup["state"][] = ["regressed", "open", "acknowledged", "resolved"];

/** Return the groups with those first that came again after they were resolved, then those that no one has seen. */
export function openFirst<Group extends State>(groups: Group[]): Group[] {
  return ORDER.flatMap((state) => groups.filter((group) => group.state === state));
}
