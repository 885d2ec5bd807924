import type { LogLine } from "@/api/jobs/logs";
import { stringify } from "@/lib/json";

/** The levels that can be chosen, each with those below it left out. */
export const LEVELS = ["all", "info", "warning", "error"] as const;
export type Level = (typeof LEVELS)[number];

const RANK: Record<string, number> = {
  DEBUG: 0,
  INFO: 1,
  WARNING: 2,
  WARN: 2,
  ERROR: 3,
  CRITICAL: 3,
  FATAL: 3,
};

/** Return the lines of this level and above; a level that is not known counts as info. */
export function fromLevel(lines: LogLine[], level: Level): LogLine[] {
  const least = LEVELS.indexOf(level);
  return lines.filter((line) => (RANK[line.level.toUpperCase()] ?? 1) >= least);
}

/** Return the lines that contain the text in their level, message or fields, in upper or lower case. */
export function matchingLines(lines: LogLine[], text: string): LogLine[] {
  const sought = text.trim().toLowerCase();
  if (!sought) return lines;
  return lines.filter(({ level, message, fields }) =>
    `${level} ${message} ${stringify(fields)}`.toLowerCase().includes(sought),
  );
}
