import type { ReactNode } from "react";
import { exact, stamp } from "@/lib/time";
import { useZone } from "@/session/prefs";
import { useNow } from "./live";

/** A point in time; hovering tells it to the millisecond, with its zone. */
export function When({ at, children, className }: { at: number; children?: ReactNode; className?: string }) {
  const zone = useZone();
  const now = useNow();
  return (
    <time dateTime={new Date(at).toISOString()} title={exact(at, zone)} className={className}>
      {children ?? stamp(at, now, zone)}
    </time>
  );
}
