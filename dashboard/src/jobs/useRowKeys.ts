import { useEffect, useRef } from "react";
import type { Job } from "@/api/jobs";
import { useLatest } from "@/lib/useLatest";
import { isTyping } from "@/lib/text";
import { ask } from "./actions";
import { allows } from "./status";
import type { Selection } from "./useSelection";

/** j and k walk the rows, x picks, r retries, c cancels; Enter is the link's own. */
export function useRowKeys(
  rows: Job[],
  selection: Selection,
  reveal: (index: number) => void,
  canAct: boolean,
): void {
  const latest = useLatest({ rows, selection, reveal, canAct });
  const cursor = useRef<string | null>(null);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.metaKey || event.ctrlKey || event.altKey || event.defaultPrevented) return;
      if (isTyping(event.target) && (event.target as HTMLInputElement).type !== "checkbox") return;
      if (document.querySelector('[role="dialog"]')) return;
      const { rows, selection, reveal, canAct } = latest.current;
      const focused = document.activeElement?.closest("[data-job]")?.getAttribute("data-job");
      const here = focused ?? cursor.current;
      const at = rows.findIndex((job) => job.id === here);
      const step = { j: 1, k: -1 }[event.key];
      if (step) {
        const index = Math.min(rows.length - 1, Math.max(0, at + step));
        const job = rows[index];
        if (!job) return;
        event.preventDefault();
        cursor.current = job.id;
        reveal(index);
        focusRow(job.id);
        return;
      }
      const job = rows[at];
      if (!job || !canAct) return;
      if (event.key === "x") selection.toggle(job.id);
      if (event.key === "r" && allows(job.status, "retry")) ask({ kind: "one", action: "retry", job });
      if (event.key === "c" && allows(job.status, "cancel")) ask({ kind: "one", action: "cancel", job });
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [latest]);
}

/** The row may still have to be drawn: look for it for a few frames. */
function focusRow(id: string, frames = 10): void {
  const link = document.querySelector<HTMLElement>(`[data-row-link="${CSS.escape(id)}"]`);
  if (link) link.focus({ preventScroll: true });
  else if (frames > 0) requestAnimationFrame(() => focusRow(id, frames - 1));
}
