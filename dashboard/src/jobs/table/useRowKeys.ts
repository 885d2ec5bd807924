import { useLayoutEffect, useRef } from "react";
import type { Job } from "@/api/jobs/jobs";
import { isShortcut, useKeys } from "@/lib/useKeys";
import { useLatest } from "@/lib/useLatest";
import { ask } from "@/jobs/actions/actions";
import { accepts, type JobAction, type OneAction } from "@/jobs/status";
import type { Selection } from "./useSelection";

const STEPS: Record<string, number> = { j: 1, k: -1 };
const ACTIONS: Record<string, OneAction> = { r: "retry", c: "cancel", d: "discard", u: "run" };

interface KeyTargets {
  /** Scroll to a row. */
  reveal: (index: number) => void;
  /** Ask for confirmation of the action on all selected jobs. */
  actOnSelection: (action: JobAction) => void;
  /** Select every matching job; null if this is not possible. */
  selectMatching: (() => void) | null;
}

/**
 * Move with j and k from `start` on, extend the selection with Shift, select with x and a. r, c and d act on the
 * selection, or on the focused row if nothing is selected. The link handles Enter.
 */
export function useRowKeys(
  rows: Job[],
  selection: Selection,
  { reveal, actOnSelection, selectMatching }: KeyTargets,
  canAct: boolean,
  start: string | null,
): void {
  const cursor = useRef(start);
  const go = (index: number) => {
    const id = rows[index]?.id;
    if (id === undefined) return;
    cursor.current = id;
    reveal(index);
    focusRow(id, () => cursor.current === id);
  };
  const begin = useLatest((id: string) => go(rows.findIndex((job) => job.id === id)));
  useLayoutEffect(() => {
    if (start !== null && document.activeElement === document.body) begin.current(start);
  }, [begin, start]);
  useKeys((event) => {
    if (!isShortcut(event)) return;
    const at = rows.findIndex((job) => job.id === (focusedRow() ?? cursor.current));
    const step = STEPS[event.key.toLowerCase()];
    if (step) {
      event.preventDefault();
      const to = Math.min(rows.length - 1, Math.max(0, at + step));
      const id = rows[to]?.id;
      if (event.shiftKey && canAct && id !== undefined) selection.extend(rows[at]?.id ?? null, id);
      go(to);
      return;
    }
    if (!canAct) return;
    const job = rows[at];
    const action = ACTIONS[event.key];
    if (event.key === "a") selectMatching?.();
    if (event.key === "x" && job) selection.toggle(job.id);
    if (!action) return;
    if (selection.ids.size > 0 && action !== "run") actOnSelection(action);
    else if (job && accepts(job, action)) ask({ kind: "one", action, job });
  });
}

function focusedRow(): string | null {
  return document.activeElement?.closest("[data-job]")?.getAttribute("data-job") ?? null;
}

/** The row may not be drawn yet: search for it for a few frames, while `wanted` returns true. */
function focusRow(id: string, wanted: () => boolean, frames = 10): void {
  const link = document.querySelector<HTMLElement>(`[data-row-link="${CSS.escape(id)}"]`);
  if (link) link.focus({ preventScroll: true });
  else if (frames > 0)
    requestAnimationFrame(() => {
      if (wanted()) focusRow(id, wanted, frames - 1);
    });
}
