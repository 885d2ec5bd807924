import { useCallback, useMemo, useRef, useState, type RefObject } from "react";
import type { Job } from "@/api/jobs/jobs";

export interface Selection {
  ids: ReadonlySet<string>;
  /** True if all matching jobs are selected, also those that are not loaded. */
  matching: boolean;
  toggle: (id: string, range?: boolean) => void;
  /** Add the row that was reached with Shift and a key, and the row before it. */
  extend: (from: string | null, to: string) => void;
  toggleAll: () => void;
  selectMatching: () => void;
  selectLoaded: () => void;
  clear: () => void;
}

const NONE: ReadonlySet<string> = new Set();

/** Keep the selection among the rows in `latest`. Shift selects the rows from the last selected one. */
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

  const extend = useCallback((from: string | null, to: string) => {
    anchor.current = to;
    setMatching(false);
    setIds((now) => new Set([...now, ...(from === null ? [] : [from]), to]));
  }, []);

  const clear = useCallback(() => {
    setIds(NONE);
    setMatching(false);
  }, []);

  const toggleAll = useCallback(() => {
    const all = latest.current.map((job) => job.id);
    setMatching(false);
    setIds((now) => (now.size >= all.length ? NONE : new Set(all)));
  }, [latest]);

  const select = useCallback(
    (everything: boolean) => {
      setIds(new Set(latest.current.map((job) => job.id)));
      setMatching(everything);
    },
    [latest],
  );
  const selectMatching = useCallback(() => select(true), [select]);
  const selectLoaded = useCallback(() => select(false), [select]);

  return useMemo(
    () => ({ ids, matching, toggle, extend, toggleAll, clear, selectMatching, selectLoaded }),
    [ids, matching, toggle, extend, toggleAll, clear, selectMatching, selectLoaded],
  );
}

function stretch(rows: Job[], from: string | null, to: string): string[] {
  const a = rows.findIndex((job) => job.id === from);
  const b = rows.findIndex((job) => job.id === to);
  if (a < 0 || b < 0) return [to];
  return rows.slice(Math.min(a, b), Math.max(a, b) + 1).map((job) => job.id);
}
