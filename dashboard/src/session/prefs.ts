import { isObject } from "@/lib/json";
import { createStore, useStore } from "@/lib/store";
import type { Zone } from "@/lib/time";
import type { View } from "@/api/jobs/views";
import { LANGUAGES, type Language } from "@/texts/texts";
import { PREFS_KEY } from "./key";

/** Settings that are stored in the browser. Everything that users may want to share is in the URL. */
const CHOICES = {
  theme: ["system", "dark", "light"],
  zone: ["local", "utc"],
  density: ["compact", "comfortable"],
  times: ["relative", "exact"],
  poll: [5, 2, 10, 30, 60],
  charts: [true, false],
  /** The list of first steps: closed by the user. */
  firstSteps: ["open", "closed"],
  /** The user has opened the page of a job. */
  jobSeen: [false, true],
} as const;
type Choices = { [Name in keyof typeof CHOICES]: (typeof CHOICES)[Name][number] };

export interface Prefs extends Choices {
  /** Without a value, the browser's language. */
  language?: Language;
  /** The hidden columns. */
  hidden: string[];
  views: View[];
}
export type Theme = Prefs["theme"];

/** Read the stored settings; a missing or invalid setting has its default. */
export function readPrefs(stored: unknown): Prefs {
  const found = isObject(stored) ? stored : {};
  const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
  const chosen = Object.entries(CHOICES).map(([name, [standard, ...others]]) => {
    const one = others.find((other) => other === found[name]);
    return [name, one ?? standard] as const;
  });
  const language = LANGUAGES.find(([code]) => code === found.language)?.[0];
  return {
    ...(Object.fromEntries(chosen) as unknown as Choices),
    ...(language && { language }),
    hidden: list(found.hidden).filter((one) => typeof one === "string"),
    views: list(found.views).filter(isView),
  };
}

function isView(one: unknown): one is View {
  return isObject(one) && typeof one.name === "string" && typeof one.search === "string";
}

function read(): Prefs {
  try {
    return readPrefs(JSON.parse(localStorage.getItem(PREFS_KEY) ?? "{}"));
  } catch {
    return readPrefs({});
  }
}

export const prefs = createStore<Prefs>(read());

export function setPrefs(change: Partial<Prefs>): void {
  prefs.update((now) => ({ ...now, ...change }));
  try {
    localStorage.setItem(PREFS_KEY, JSON.stringify(prefs.get()));
  } catch {
    // If the storage is full or forbidden, only the stored preference is lost, not the page.
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

/** The same rule as in public/theme.js, which runs before the first paint, so that the other theme is never visible. */
export function applyTheme(): void {
  const { theme } = prefs.get();
  const isLight = theme === "light" || (theme === "system" && light().matches);
  document.documentElement.dataset.theme = isLight ? "light" : "dark";
  painted.update((n) => n + 1);
}

/** Counts the changes of the theme: code that draws on a canvas then reads the colours again. */
const painted = createStore(0);
export function usePainted(): number {
  return useStore(painted);
}

export function followSystemTheme(): void {
  light().addEventListener("change", applyTheme);
  applyTheme(); // the theme may have changed since the first paint
}

/** Store the language and reload the page: texts are chosen once, before the first one is used. */
export function setLanguage(language: Language): void {
  setPrefs({ language });
  location.reload();
}

/** Switch between "3 min ago" and the time of day. */
export function nextTimes(): Prefs["times"] {
  const times = prefs.get().times === "relative" ? "exact" : "relative";
  setPrefs({ times });
  return times;
}

const NEXT_THEME: Record<Theme, Theme> = { dark: "light", light: "system", system: "dark" };
export function nextTheme(): Theme {
  const theme = NEXT_THEME[prefs.get().theme];
  setPrefs({ theme });
  return theme;
}
