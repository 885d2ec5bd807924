import { relative, stamp } from "@/lib/time";
import { usePrefs } from "@/session/prefs";
import { useNow } from "./live";
import { When } from "./When";

/** Return a function that formats a time as the user has chosen: "3 min ago", or "12:30:05". */
export function useAge(): (at: number) => string {
  const now = useNow();
  const { times, zone } = usePrefs();
  return (at) => (times === "relative" ? relative(at, now) : stamp(at, now, zone));
}

/** Show a time as the user has chosen; a tooltip shows it with milliseconds and zone. */
export function Age({ at, className }: { at: number; className?: string }) {
  const age = useAge();
  return (
    <When at={at} {...(className !== undefined && { className })}>
      {age(at)}
    </When>
  );
}
