import type { WireDetail } from "@/api/wire";

/** An action of an operator on the job. */
export interface OperatorAct {
  action: WireAct["action"];
  at: number;
  by: string;
  /** The run to which the action belongs: for a retry, the run that it began. */
  gen: number;
  /** True for a retry with another payload. */
  edited: boolean;
  inBulk: boolean;
}

type WireAct = WireDetail["actions"][number];

export function toAct({ in_bulk: inBulk, at, ...act }: WireAct): OperatorAct {
  return { ...act, inBulk, at: Date.parse(at) };
}
