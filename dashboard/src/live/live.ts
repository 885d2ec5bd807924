import { useEffect, useState } from "react";
import { connection } from "@/api/client";
import { movement } from "@/api/movement";
import { createStore, useStore } from "@/lib/store";
import { prefs, usePrefs } from "@/session/prefs";

/** Polling can be paused by the user. A selection stops it too: selected rows must not move. */
interface Live {
  paused: boolean;
}
export const live = createStore<Live>({ paused: false });

export function togglePaused(): boolean {
  live.update((now) => ({ paused: !now.paused }));
  return live.get().paused;
}

const HIDDEN_FLOOR = 60_000;
/** Milliseconds between polls when nothing has moved for a minute. */
const CALM = 30_000;

export interface Pace {
  /** Least milliseconds between polls, for what costs more or changes less. */
  atLeast?: number;
  /** Most milliseconds between polls while nothing moves. */
  calm?: number;
  /** It can change at any time, so it is polled at the full pace. */
  busy?: boolean;
}

/** Only numbers that follow from jobs: without movement they cannot change. */
export const SERIES: Pace = { atLeast: 5000, calm: 300_000 };

/** Return the milliseconds until the next poll, or false for none. A hidden tab polls once a minute at most. */
export function pollInterval({ atLeast = 0, calm = CALM, busy = false }: Pace = {}): number | false {
  if (live.get().paused) return false;
  const chosen = Math.max(prefs.get().poll * 1000, atLeast);
  if (document.hidden) return Math.max(chosen, HIDDEN_FLOOR);
  if (connection.get().downSince !== null) return Math.min(Math.max(chosen, 2000), 5000);
  return busy ? chosen : Math.max(chosen, Math.min(calm, slowed(Date.now() - movement.get())));
}

/**
 * Return half of the time without movement, rounded down to 1, 2, 4, 8 … seconds: in steps, because each new value
 * starts the timer anew. A change is thus seen after half as long again as nothing moved.
 */
function slowed(quiet: number): number {
  return 1000 * 2 ** Math.floor(Math.log2(Math.max(1, quiet / 2000)));
}

/** Return the query options that keep an answer fresh; a pace that depends on the time is a function. */
export function usePolling(pace: Pace | (() => Pace) = {}, on = true) {
  const { paused } = useStore(live);
  const { poll } = usePrefs();
  // Movement after a calm: whoever waits for the next slow poll asks sooner.
  useStore(movement);
  return {
    refetchInterval:
      on && !paused && poll > 0
        ? () => pollInterval(typeof pace === "function" ? pace() : pace)
        : (false as const),
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
