import { useEffect, useState } from "react";
import { connection } from "@/api/client";
import { createStore, useStore } from "@/lib/store";
import { prefs, usePrefs } from "@/session/prefs";

/** Polling can be paused by the user, and is held by a selection: rows that are picked must not move. */
interface Live {
  paused: boolean;
}
export const live = createStore<Live>({ paused: false });

export function togglePaused(): boolean {
  live.update((now) => ({ paused: !now.paused }));
  return live.get().paused;
}

const HIDDEN_FLOOR = 60_000;

/** Milliseconds until the next poll, or false for none: slower in a hidden tab and while the API is down. */
export function pollInterval(atLeast = 0): number | false {
  if (live.get().paused) return false;
  const chosen = Math.max(prefs.get().poll * 1000, atLeast);
  if (document.hidden) return Math.max(chosen, HIDDEN_FLOOR);
  return connection.get().downSince === null ? chosen : Math.min(Math.max(chosen, 2000), 5000);
}

/** Query options that keep an answer fresh. `atLeast` (ms) slows down what costs more or changes less. */
export function usePolling(atLeast = 0, on = true) {
  const { paused } = useStore(live);
  const { poll } = usePrefs();
  return {
    refetchInterval: on && !paused && poll > 0 ? () => pollInterval(atLeast) : (false as const),
    refetchIntervalInBackground: true,
  };
}

/** The time, to the second, for ages and countdowns. */
const now = createStore(Date.now());
let watchers = 0;
let timer: ReturnType<typeof setInterval> | undefined;

function watch(listener: () => void): () => void {
  if (watchers++ === 0) timer = setInterval(() => now.set(Date.now()), 1000);
  const stop = now.subscribe(listener);
  return () => {
    stop();
    if (--watchers === 0) clearInterval(timer);
  };
}

const ticking = { ...now, subscribe: watch };

export function useNow(): number {
  return useStore(ticking);
}

/** False while the tab is in the background. */
export function useVisible(): boolean {
  const [visible, setVisible] = useState(!document.hidden);
  useEffect(() => {
    const look = () => setVisible(!document.hidden);
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);
  return visible;
}
