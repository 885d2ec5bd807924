import { useEffect, useRef } from "react";
import type { LogLine } from "@/api/jobs/logs";
import { cx } from "@/lib/cx";
import { stringify } from "@/lib/json";
import { clock } from "@/lib/time";
import { useZone } from "@/session/prefs";

const LEVEL: Record<string, string> = {
  ERROR: "text-red",
  CRITICAL: "text-red",
  WARNING: "text-amber",
  DEBUG: "text-faint",
};

interface LinesProps {
  lines: LogLine[];
  label: string;
  flush?: boolean;
  /** Scroll to the newest line when lines arrive. */
  tail?: boolean;
}

/** Show log lines, oldest first: time, level, message, and their own fields. */
export function LogLines({ lines, label, flush, tail = false }: LinesProps) {
  const zone = useZone();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (tail && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [tail, lines.length]);
  return (
    <div
      ref={box}
      role="region"
      aria-label={label}
      tabIndex={0}
      className={cx(
        "max-h-72 grow overflow-auto bg-bg py-1.5 font-mono text-xs",
        !flush && "border border-line",
      )}
    >
      {lines.map((line, at) => (
        <div key={at} className="flex flex-wrap gap-x-3 px-3 py-px hover:bg-hover sm:flex-nowrap">
          <span className="nums shrink-0 text-faint">{clock(line.at, zone)}</span>
          <span className={cx("w-14 shrink-0", LEVEL[line.level.toUpperCase()] ?? "text-soft")}>
            {line.level.toUpperCase()}
          </span>
          <span dir="auto" className="min-w-0 break-words whitespace-pre-wrap">
            {line.message}
            <Fields fields={line.fields} />
          </span>
        </div>
      ))}
    </div>
  );
}

function Fields({ fields }: { fields: LogLine["fields"] }) {
  const entries = Object.entries(fields);
  if (entries.length === 0) return null;
  return (
    <span className="text-faint">
      {entries.map(([name, value]) => (
        <span key={name}>
          {" "}
          {name}=<span className="text-soft">{typeof value === "string" ? value : stringify(value)}</span>
        </span>
      ))}
    </span>
  );
}
