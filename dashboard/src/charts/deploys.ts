import type { Deploy } from "@/api/numbers/metrics";

/** Return the deployments within the steps of a chart. */
export function within(deploys: readonly Deploy[], times: readonly number[], step: number): Deploy[] {
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined) return [];
  return deploys.filter(({ at }) => at >= first && at < last + step);
}

/** Return the last deployment before a first occurrence; undefined if no earlier deployment is known. */
export function deployBefore(deploys: readonly Deploy[], at: number): Deploy | undefined {
  return deploys.findLast((one) => one.at <= at);
}
