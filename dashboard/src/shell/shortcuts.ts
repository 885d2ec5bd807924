import { useNavigate } from "@tanstack/react-router";
import { useRef } from "react";
import { holdKeysUntil } from "@/lib/heldKeys";
import { isShortcut, useKeys } from "@/lib/useKeys";
import { togglePaused } from "@/live/live";
import { nextTheme, nextTimes } from "@/session/prefs";
import { useMe, useSession } from "@/session/session";
import { createStore } from "@/lib/store";
import { toast } from "@/ui/overlay/toast";
import { t } from "@/texts/en/shell";

/** The palette is opened through this function, from any component. */
export const palette = createStore(0);

const GO = {
  j: "/dashboard",
  q: "/queues",
  s: "/schedules",
  b: "/batches",
  l: "/limits",
  e: "/errors",
  h: "/",
} as const;
const CHORD_MS = 1500;

type Layer = "palette" | "help";

/** Act on the keys of the whole console. `shown` is what is open above the page. */
export function useShortcuts(open: (what: Layer) => void, shown: Layer | null): void {
  const navigate = useNavigate();
  const { token } = useSession();
  const { can } = useMe();
  // The time at which the first key of a chord was pressed, in milliseconds since the page was opened, as in events.
  const chord = useRef(-Infinity);
  const press = (event: KeyboardEvent) => {
    if (!token) return;
    if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (shown !== "palette") void openPalette(() => open("palette"));
      return;
    }
    if (!isShortcut(event)) return;
    if (event.timeStamp - chord.current < CHORD_MS && event.key in GO) {
      chord.current = -Infinity;
      event.stopImmediatePropagation();
      void navigate({ to: GO[event.key as keyof typeof GO] });
      return;
    }
    chord.current = event.key === "g" ? event.timeStamp : -Infinity;
    if (event.key === "n" && can.act) void navigate({ to: "/create" });
    if (event.key === "?") open("help");
    if (event.key === "t")
      toast.done(t.themeNow({ dark: t.dark, light: t.light, system: t.system }[nextTheme()]));
    if (event.key === "w") toast.done(nextTimes() === "exact" ? t.exactTimes : t.relativeTimes);
    if (event.key === ".") togglePaused();
    if (event.key === "/") {
      event.preventDefault();
      void focusSearch(navigate);
    }
  };
  // This listener is the first, so that the second key of a chord does not trigger another shortcut.
  useKeys(press, true);
}

/** Focus the search box. Keys that are pressed before its page is loaded are typed into it afterwards. */
async function focusSearch(navigate: ReturnType<typeof useNavigate>): Promise<void> {
  const box = () => document.getElementById("job-search");
  if (box()) return box()?.focus();
  (document.activeElement as HTMLElement | null)?.blur();
  const focus = () => {
    box()?.focus();
    return box() !== null;
  };
  await holdKeysUntil(() => navigate({ to: "/dashboard" }), focus);
}

/** Open the palette. Keys that are pressed before its code is loaded are typed into it afterwards. */
async function openPalette(open: () => void): Promise<void> {
  const ready = () => document.activeElement?.hasAttribute("cmdk-input") === true;
  (document.activeElement as HTMLElement | null)?.blur();
  const show = () => {
    open();
    return Promise.resolve();
  };
  await holdKeysUntil(show, ready);
}
