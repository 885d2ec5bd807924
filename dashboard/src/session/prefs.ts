import * as v from "valibot";
import { createStore, useStore } from "@/lib/store";
import type { Zone } from "@/lib/time";

/** Settings kept in the browser. Everything that should be shared is in the URL. */
const Prefs = v.object({
  theme: v.optional(v.picklist(["dark", "light", "system"]), "system"),
  zone: v.optional(v.picklist(["local", "utc"]), "local"),
  density: v.optional(v.picklist(["compact", "comfortable"]), "compact"),
  poll: v.optional(v.picklist([2, 5, 10, 30, 60]), 2),
  hidden: v.optional(v.array(v.string()), []),
  charts: v.optional(v.boolean(), true),
  views: v.optional(v.array(v.object({ name: v.string(), search: v.string() })), []),
});
export type Prefs = v.InferOutput<typeof Prefs>;
export type Theme = Prefs["theme"];

const KEY = "jobflow.prefs";
const DEFAULTS = v.parse(Prefs, {});

function read(): Prefs {
  try {
    const found = v.safeParse(Prefs, JSON.parse(localStorage.getItem(KEY) ?? "{}"));
    return found.success ? found.output : DEFAULTS;
  } catch {
    return DEFAULTS;
  }
}

export const prefs = createStore<Prefs>(read());

export function setPrefs(change: Partial<Prefs>): void {
  prefs.update((now) => ({ ...now, ...change }));
  try {
    localStorage.setItem(KEY, JSON.stringify(prefs.get()));
  } catch {
    // A full or forbidden storage costs the memory of a preference, not the page.
  }
  if (change.theme) applyTheme();
}

export function usePrefs(): Prefs {
  return useStore(prefs);
}

export function useZone(): Zone {
  return usePrefs().zone;
}

const light = () => window.matchMedia("(prefers-color-scheme: light)");

/** The same rule as public/theme.js, which runs before the first paint. */
export function applyTheme(): void {
  const { theme } = prefs.get();
  const isLight = theme === "light" || (theme === "system" && light().matches);
  document.documentElement.dataset.theme = isLight ? "light" : "dark";
  painted.update((n) => n + 1);
}

/** Counts the changes of theme: what draws on a canvas reads its colours again. */
const painted = createStore(0);
export function usePainted(): number {
  return useStore(painted);
}

export function followSystemTheme(): void {
  light().addEventListener("change", applyTheme);
}

const NEXT_THEME: Record<Theme, Theme> = { dark: "light", light: "system", system: "dark" };
export function nextTheme(): Theme {
  const theme = NEXT_THEME[prefs.get().theme];
  setPrefs({ theme });
  return theme;
}
