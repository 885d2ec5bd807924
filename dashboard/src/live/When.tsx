import type { ReactNode } from "react";
import { exact, stamp } from "@/lib/time";
import { useZone } from "@/session/prefs";
import { useNow } from "./live";

/** Show a time; a tooltip shows it with milliseconds and zone. */
export function When({ at, children, className }: { at: number; children?: ReactNode; className?: string }) {
  const zone = useZone();
  const now = useNow();
  return (
    <time dateTime={new Date(at).toISOString()} title={exact(at, zone)} className={className}>
      {children ?? stamp(at, now, zone)}
    </time>
  );
}
