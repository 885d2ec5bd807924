import { useLayoutEffect, useRef } from "react";
import type { Job } from "@/api/jobs";
import { isShortcut, useKeys } from "@/lib/useKeys";
import { useLatest } from "@/lib/useLatest";
import { ask } from "@/jobs/actions/actions";
import { allows } from "@/jobs/status";
import type { Selection } from "./useSelection";

/** j and k walk the rows from `start` on, x picks, r retries, c cancels; Enter is the link's own. */
export function useRowKeys(
  rows: Job[],
  selection: Selection,
  reveal: (index: number) => void,
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
    const step = { j: 1, k: -1 }[event.key];
    if (step) {
      event.preventDefault();
      go(Math.min(rows.length - 1, Math.max(0, at + step)));
      return;
    }
    const job = rows[at];
    if (!job || !canAct) return;
    if (event.key === "x") selection.toggle(job.id);
    if (event.key === "r" && allows(job.status, "retry")) ask({ kind: "one", action: "retry", job });
    if (event.key === "c" && allows(job.status, "cancel")) ask({ kind: "one", action: "cancel", job });
  });
}

function focusedRow(): string | null {
  return document.activeElement?.closest("[data-job]")?.getAttribute("data-job") ?? null;
}

/** The row may still have to be drawn: look for it for a few frames, as long as it is wanted. */
function focusRow(id: string, wanted: () => boolean, frames = 10): void {
  const link = document.querySelector<HTMLElement>(`[data-row-link="${CSS.escape(id)}"]`);
  if (link) link.focus({ preventScroll: true });
  else if (frames > 0)
    requestAnimationFrame(() => {
      if (wanted()) focusRow(id, wanted, frames - 1);
    });
}
