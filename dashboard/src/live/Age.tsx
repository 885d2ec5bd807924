import { relative, stamp } from "@/lib/time";
import { usePrefs } from "@/session/prefs";
import { useNow } from "./live";
import { When } from "./When";

/** Return a function that words a time as the reader chose: "3 min ago", or "12:30:05". */
export function useAge(): (at: number) => string {
  const now = useNow();
  const { times, zone } = usePrefs();
  return (at) => (times === "relative" ? relative(at, now) : stamp(at, now, zone));
}

/** A point in time as the reader chose; hovering tells it to the millisecond, with its zone. */
export function Age({ at, className }: { at: number; className?: string }) {
  const age = useAge();
  return (
    <When at={at} {...(className !== undefined && { className })}>
      {age(at)}
    </When>
  );
}
