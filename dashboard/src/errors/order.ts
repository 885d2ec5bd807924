import type { ErrorGroup } from "@/api/numbers/metrics";

type State = Pick<ErrorGroup, "state">;

const ORDER: ErrorGroup["state"][] = ["regressed", "open", "acknowledged", "resolved"];

/** Sort the groups: first those that occurred again after they were resolved, then those without a mark. */
export function openFirst<Group extends State>(groups: Group[]): Group[] {
  return ORDER.flatMap((state) => groups.filter((group) => group.state === state));
}
