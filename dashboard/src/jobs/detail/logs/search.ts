import type { LogLine } from "@/api/jobs/logs";
import { stringify } from "@/lib/json";

/** Return the lines that contain the text in their level, message or fields, in upper or lower case. */
export function matchingLines(lines: LogLine[], text: string): LogLine[] {
  const sought = text.trim().toLowerCase();
  if (!sought) return lines;
  return lines.filter(({ level, message, fields }) =>
    `${level} ${message} ${stringify(fields)}`.toLowerCase().includes(sought),
  );
}
