import { useCallback, useMemo, useRef, useState, type RefObject } from "react";
import type { Job } from "@/api/jobs";

export interface Selection {
  ids: ReadonlySet<string>;
  /** Everything that matches, also what is not loaded. */
  matching: boolean;
  toggle: (id: string, range?: boolean) => void;
  toggleAll: () => void;
  selectMatching: () => void;
  clear: () => void;
}

const NONE: ReadonlySet<string> = new Set();

/** Which of the rows in `latest` are picked. Shift picks the stretch from the row picked before. */
export function useSelection(latest: RefObject<Job[]>): Selection {
  const [ids, setIds] = useState<ReadonlySet<string>>(NONE);
  const [matching, setMatching] = useState(false);
  const anchor = useRef<string | null>(null);

  const toggle = useCallback(
    (id: string, range = false) => {
      const from = range ? anchor.current : null;
      anchor.current = id;
      setMatching(false);
      setIds((now) => {
        const next = new Set(now);
        const on = !now.has(id);
        for (const one of stretch(latest.current, from, id)) {
          if (on) next.add(one);
          else next.delete(one);
        }
        return next;
      });
    },
    [latest],
  );

  const clear = useCallback(() => {
    setIds(NONE);
    setMatching(false);
  }, []);

  const toggleAll = useCallback(() => {
    const all = latest.current.map((job) => job.id);
    setMatching(false);
    setIds((now) => (now.size >= all.length ? NONE : new Set(all)));
  }, [latest]);

  return useMemo(
    () => ({ ids, matching, toggle, toggleAll, clear, selectMatching: () => setMatching(true) }),
    [ids, matching, toggle, toggleAll, clear],
  );
}

function stretch(rows: Job[], from: string | null, to: string): string[] {
  const a = rows.findIndex((job) => job.id === from);
  const b = rows.findIndex((job) => job.id === to);
  if (a < 0 || b < 0) return [to];
  return rows.slice(Math.min(a, b), Math.max(a, b) + 1).map((job) => job.id);
}
