import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { isTyping } from "@/lib/text";
import { togglePaused } from "@/live/live";
import { nextTheme } from "@/session/prefs";
import { useMe, useSession } from "@/session/session";
import { useLatest } from "@/lib/useLatest";
import { createStore } from "@/lib/store";
import { toast } from "@/ui/toast";

/** Every key, as the help shows it. */
export const SHORTCUTS = [
  [
    "Anywhere",
    [
      ["⌘K / Ctrl K", "Command palette"],
      ["g j", "Go to the jobs"],
      ["g q", "Go to the queues"],
      ["g e", "Go to the errors"],
      ["g h", "Go home"],
      ["n", "New job"],
      [".", "Pause, go on"],
      ["t", "Next theme"],
      ["?", "This help"],
    ],
  ],
  [
    "Jobs, and one of them",
    [
      ["/", "Find"],
      ["j  k", "Next, previous row"],
      ["Enter", "Open the row"],
      ["x", "Pick the row"],
      ["r", "Retry"],
      ["c", "Cancel"],
      ["Esc", "Drop the selection"],
    ],
  ],
] as const;

/** Anyone can ask for the palette. */
export const palette = createStore(0);

const GO = { j: "/dashboard", q: "/queues", e: "/errors", h: "/" } as const;
const CHORD_MS = 1200;

export function useShortcuts(open: (what: "palette" | "help") => void): void {
  const navigate = useNavigate();
  const { token } = useSession();
  const { can } = useMe();
  const latest = useLatest({ navigate, open, token, canAct: can.act });
  const chord = useRef(0);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const { navigate, open, token, canAct } = latest.current;
      if (!token) return;
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        open("palette");
        return;
      }
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return;
      if (document.querySelector('[role="dialog"], [role="menu"]')) return;
      if (event.timeStamp - chord.current < CHORD_MS && event.key in GO) {
        chord.current = 0;
        event.stopImmediatePropagation();
        void navigate({ to: GO[event.key as keyof typeof GO] });
        return;
      }
      chord.current = event.key === "g" ? event.timeStamp : 0;
      if (event.key === "n" && canAct) void navigate({ to: "/create" });
      if (event.key === "?") open("help");
      if (event.key === "t") toast.done(`Theme: ${nextTheme()}.`);
      if (event.key === ".") togglePaused();
      if (event.key === "/") {
        event.preventDefault();
        void focusSearch(navigate);
      }
    };
    // First in line, so that the second key of a chord is not taken for another shortcut.
    document.addEventListener("keydown", press, { capture: true });
    return () => document.removeEventListener("keydown", press, { capture: true });
  }, [latest]);
}

async function focusSearch(navigate: ReturnType<typeof useNavigate>): Promise<void> {
  const box = () => document.getElementById("job-search");
  if (!box()) await navigate({ to: "/dashboard" });
  requestAnimationFrame(() => box()?.focus());
}
