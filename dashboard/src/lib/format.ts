import { count, decimal } from "@/texts/numbers";

const UNITS = ["", "K", "M", "B", "T"];

/** 12,345 becomes "12.3K": for tabs and badges. */
export function brief(n: number): string {
  if (n < 10_000) return count(n);
  let [value, unit] = [n, 0];
  while (value >= 999.95 && unit < UNITS.length - 1) [value, unit] = [value / 1000, unit + 1];
  return count(Math.round(value * 10) / 10) + (UNITS[unit] ?? "");
}

export function bytes(n: number): string {
  if (n < 1000) return `${n} B`;
  if (n < 1_000_000) return `${decimal(n / 1000, 1)} kB`;
  return `${decimal(n / 1_000_000, 1)} MB`;
}

/** Return a share of 0 to 1 as a percentage; a share below 1 is never rounded up to 100. */
export function percent(share: number): string {
  if (share >= 1) return "100%";
  const value = Math.floor(share * 1000) / 10;
  return `${value >= 99 || value < 10 ? decimal(value, 1) : Math.floor(value)}%`;
}

/** Return the first block of a UUID: enough to recognise a job. */
export function shortId(id: string): string {
  return id.slice(0, 8);
}

/** Return one line with at most so many characters, for rows and titles. */
export function oneLine(text: string, most = 240): string {
  const flat = text
    .slice(0, most * 4)
    .replace(/\s+/g, " ")
    .trim();
  return flat.length > most ? `${flat.slice(0, most - 1)}…` : flat;
}
