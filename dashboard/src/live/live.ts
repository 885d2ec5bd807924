import { connection } from "@/api/client";
import { movement } from "@/api/movement";
import { isStatus } from "@/api/numbers/errors";
import { createStore, useStore } from "@/lib/store";
import { prefs, usePrefs } from "@/session/prefs";

/** The user can pause polling. A selection also stops it, because selected rows must not move. */
interface Live {
  paused: boolean;
}
export const live = createStore<Live>({ paused: false });

export function togglePaused(): boolean {
  live.update((now) => ({ paused: !now.paused }));
  return live.get().paused;
}

const HIDDEN_FLOOR = 60_000;
const DEFAULT_MS = 5000;
const WATCHED_MS = 2000;
/** Milliseconds between polls when nothing has changed for a minute. */
const CALM = 30_000;
export interface Pace {
  /** Minimum milliseconds between polls, for requests that cost more or change less often. */
  atLeast?: number;
  /** Maximum milliseconds between polls while no number of /metrics changes; 0: polls do not become rarer. */
  calm?: number;
  /** A person watches one job that runs: with the default of 5 s, an attempt and its backoff could be missed. */
  watched?: boolean;
}

/**
 * For /metrics, whose changes make all other polls frequent again, and for what changes without it, such as the progress
 * of a job.
 */
export const STEADY: Pace = { calm: 0 };

export const WATCHED: Pace = { calm: 0, watched: true };

/** True for numbers that are computed from jobs: if no job changes, they cannot change. */
export const SERIES: Pace = { atLeast: 5000, calm: 60_000 };

/** Return the milliseconds until the next poll, or false for no poll. A hidden tab polls at most once a minute. */
export function pollInterval({ atLeast = 0, calm = CALM, watched = false }: Pace = {}): number | false {
  if (live.get().paused) return false;
  const poll = prefs.get().poll * 1000;
  const chosen = Math.max(watched && poll <= DEFAULT_MS ? WATCHED_MS : poll, atLeast);
  if (document.hidden) return Math.max(chosen, HIDDEN_FLOOR);
  if (connection.get().downSince !== null) return Math.min(Math.max(chosen, 2000), 5000);
  return Math.max(chosen, Math.min(calm, slowed(Date.now() - movement.get())));
}

/**
 * Return half of the time without changes, rounded down to 1, 2, 4, 8 … seconds. It is rounded because each new value
 * restarts the timer. After a time without changes, a change is therefore seen after at most half of this time.
 */
function slowed(quiet: number): number {
  return 1000 * 2 ** Math.floor(Math.log2(Math.max(1, quiet / 2000)));
}

/** A query as far as its last error. */
interface Asked {
  state: { error?: unknown };
}

/** True if the token's scope does not allow this: the answer stays the same, and each refusal is counted. */
function isRefused(query?: Asked): boolean {
  const error = query?.state.error;
  return isStatus(error, 403) && error.kind === "out-of-scope";
}

/** Return the query options that keep an answer fresh; an interval that depends on the time is a function. */
export function usePolling(pace: Pace | (() => Pace) = {}, on = true) {
  const { paused } = useStore(live);
  const { poll } = usePrefs();
  // After a change, poll earlier than the planned slow poll.
  useStore(movement);
  return {
    refetchInterval:
      on && !paused && poll > 0
        ? (query?: Asked) =>
            isRefused(query) ? (false as const) : pollInterval(typeof pace === "function" ? pace() : pace)
        : (false as const),
    refetchIntervalInBackground: true,
  };
}

/** Return the time, in steps of a second, for ages and countdowns. */
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
