import type { IncomingMessage } from "node:http";
import type { Role } from "./sim/model";
import type { Sim } from "./sim/sim";

export interface Ask {
  sim: Sim;
  request: IncomingMessage;
  path: string[];
  query: URLSearchParams;
  role: Role;
}
export interface Answer {
  status?: number;
  body: unknown;
  headers?: Record<string, string>;
}
export type Handler = (ask: Ask) => Answer | Promise<Answer>;
