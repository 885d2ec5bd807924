import type { WireDetail } from "@/api/wire";

/** What an operator did to the job. */
export interface OperatorAct {
  action: WireAct["action"];
  at: number;
  by: string;
  /** The run it belongs to: of a retry, the run that it began. */
  gen: number;
  /** A retry with another payload. */
  edited: boolean;
  inBulk: boolean;
}

type WireAct = WireDetail["actions"][number];

export function toAct({ in_bulk: inBulk, at, ...act }: WireAct): OperatorAct {
  return { ...act, inBulk, at: Date.parse(at) };
}
