import type { TypeNumbers } from "@/api/numbers/metrics";
import type { JobType } from "@/api/types";
import { NANO } from "@/lib/dollars";

/** Who pauses a type when its budget of the day is spent; the API's document names it. */
export const BY_BUDGET = "JobFlow: budget";

export type BudgetState = "fine" | "warns" | "spent" | "stopped" | "paused";

/** What a type's jobs of today have cost, and how much they may cost; in nano-dollars. */
export interface Budget {
  type: string;
  spent: number;
  perDay: number;
  share: number;
  state: BudgetState;
}

/** Return the types that have a budget, the one that has spent the largest share first. */
export function budgetsOf(
  types: readonly JobType[],
  spent: ReadonlyMap<string, number>,
  numbers: Readonly<Record<string, TypeNumbers>>,
): Budget[] {
  const found = types.flatMap(({ type, spending }): Budget[] => {
    if (spending?.perDay == null) return [];
    const perDay = spending.perDay * NANO;
    const nano = spent.get(type) ?? 0;
    const share = nano / perDay;
    return [{ type, spent: nano, perDay, share, state: stateOf(share, spending.warn, numbers[type]) }];
  });
  return found.sort((a, b) => b.share - a.share);
}

function stateOf(share: number, warn: number, numbers: TypeNumbers | undefined): BudgetState {
  if (numbers?.paused) return numbers.pause?.by === BY_BUDGET ? "stopped" : "paused";
  if (share >= 1) return "spent";
  return share >= warn ? "warns" : "fine";
}
