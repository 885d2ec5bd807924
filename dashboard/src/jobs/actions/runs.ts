import { redrive, runBulk, type BulkTally } from "@/api/bulk";
import { sentence } from "@/api/errors";
import { createStore } from "@/lib/store";
import { actionOf, type ManyAsk } from "./actions";

/** A bulk action on its way. It belongs to the tab, not to a page, so that it goes on while others are opened. */
export interface Run {
  id: number;
  question: ManyAsk;
  counted: BulkTally | null;
  sum: BulkTally;
  state: "running" | "stopped" | "done" | "failed";
  startedAt: number;
  /** The error that ended it. */
  problem: string | null;
  stop: () => void;
}

export const runs = createStore<readonly Run[]>([]);

const NOTHING: BulkTally = { matched: 0, done: 0, skipped: [], more: false };
let last = 0;

function change(id: number, part: Partial<Run>): void {
  runs.update((now) => now.map((one) => (one.id === id ? { ...one, ...part } : one)));
}

export function dismiss(id: number): void {
  runs.update((now) => now.filter((one) => one.id !== id));
}

/** Start a bulk action; `onSettled` is called when it is over, whatever came of it. */
export async function startRun(
  question: ManyAsk,
  counted: BulkTally | null,
  onSettled: () => unknown,
): Promise<void> {
  const id = ++last;
  const abort = new AbortController();
  const run = { id, question, counted, startedAt: Date.now(), problem: null, stop: () => abort.abort() };
  runs.update((now) => [...now, { ...run, sum: NOTHING, state: "running" }]);
  addEventListener("beforeunload", askToStay);
  const onStep = (sum: BulkTally) => change(id, { sum });
  try {
    const sum =
      question.kind === "many"
        ? await runBulk(actionOf(question), question.target, onStep, abort.signal, question.reason)
        : await redrive(question.type, onStep, abort.signal);
    change(id, { sum, state: abort.signal.aborted ? "stopped" : "done" });
  } catch (error) {
    change(id, { state: "failed", problem: sentence(error) });
  } finally {
    if (!runs.get().some((one) => one.state === "running")) removeEventListener("beforeunload", askToStay);
    onSettled();
  }
}

/** A bulk action ends with its tab: the browser asks before it closes. */
function askToStay(event: BeforeUnloadEvent): void {
  event.preventDefault();
}
