import { t } from "@/texts/en/base";
import { decimal } from "@/texts/numbers";

/** In the whole dashboard, times are milliseconds since the epoch. */
export type Zone = "local" | "utc";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Milliseconds of a day. */
export const DAY = 24 * HOUR;

/** Return a duration in its two largest units: "830 ms", "4.2 s", "3m 05s", "2h 10m", "3d 4h". */
export function duration(ms: number): string {
  if (ms < 0) return "0 ms";
  if (ms < SECOND) return `${Math.floor(ms)} ms`;
  if (ms < 10 * SECOND) return `${decimal(Math.floor(ms / 100) / 10, 1)} s`;
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return pair(ms, MINUTE, "m", SECOND, "s");
  if (ms < DAY) return pair(ms, HOUR, "h", MINUTE, "m");
  const days = Math.floor(ms / DAY);
  const hours = Math.floor((ms % DAY) / HOUR);
  return hours ? `${days}d ${hours}h` : `${days}d`;
}

function pair(ms: number, big: number, bigUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor((ms % big) / small);
  return `${Math.floor(ms / big)}${bigUnit} ${String(rest).padStart(2, "0")}${smallUnit}`;
}

/** Return the distance to now: "just now", "12 s ago", "3 min ago", "in 5 h". */
export function relative(at: number, now: number): string {
  const gap = Math.abs(now - at);
  if (gap < 2 * SECOND) return t.justNow;
  const text = spell(gap);
  return at > now ? t.inTime(text) : t.ago(text);
}

/** Return a duration in one unit: "12 s", "3 min", "5 h", "2 d". */
export function spell(ms: number): string {
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h`;
  return `${Math.floor(ms / DAY)} d`;
}

/** Return a countdown: "8 s", "1:05", "2 h 05 min". It is rounded up, so that it shows 1 until it ends. */
export function countdown(ms: number): string {
  const total = Math.max(0, Math.ceil(ms / SECOND));
  if (total < 60) return `${total} s`;
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  if (hours) return `${hours} h ${two(minutes)} min`;
  return `${minutes}:${two(total % 60)}`;
}

const two = (n: number) => String(n).padStart(2, "0");

/**
 * Return a date whose UTC fields are those of the zone. Intl is not used, because its data takes longer to load than
 * the first rows take to draw.
 */
function fields(at: number, zone: Zone): Date {
  return new Date(zone === "utc" ? at : at - new Date(at).getTimezoneOffset() * MINUTE);
}

/** Return the time of day with seconds. */
export function clock(at: number, zone: Zone): string {
  return `${hourMinute(at, zone)}:${two(fields(at, zone).getUTCSeconds())}`;
}

/** Return hours and minutes, for axes. */
export function hourMinute(at: number, zone: Zone): string {
  const time = fields(at, zone);
  return `${two(time.getUTCHours())}:${two(time.getUTCMinutes())}`;
}

/** Return day and month, for axes. */
export function dayMonth(at: number, zone: Zone): string {
  const time = fields(at, zone);
  return t.dayMonth(two(time.getUTCDate()), t.months[time.getUTCMonth()] ?? "");
}

function date(at: number, zone: Zone): string {
  return `${dayMonth(at, zone)} ${fields(at, zone).getUTCFullYear()}`;
}

/** Return date and time with milliseconds and the zone, for titles and for copying. */
export function exact(at: number, zone: Zone): string {
  const ms = String(at % 1000).padStart(3, "0");
  return `${date(at, zone)}, ${clock(at, zone)}.${ms} ${zone === "utc" ? "UTC" : offset(at)}`;
}

/** Return the time for a moment of today, and the date for another day. */
export function stamp(at: number, now: number, zone: Zone): string {
  if (date(at, zone) === date(now, zone)) return clock(at, zone);
  return `${dayMonth(at, zone)}, ${hourMinute(at, zone)}`;
}

function offset(at: number): string {
  const minutes = -new Date(at).getTimezoneOffset();
  const sign = minutes < 0 ? "−" : "+";
  const size = Math.abs(minutes);
  return `UTC${sign}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** Return the value of a date and time input: "2026-11-25T00:42", in the zone. */
export function toInput(at: number, zone: Zone): string {
  const shift = zone === "utc" ? 0 : new Date(at).getTimezoneOffset() * MINUTE;
  return new Date(at - shift).toISOString().slice(0, 16);
}

/** Read the value of such an input, in milliseconds; undefined while it is empty or incomplete. */
export function fromInput(text: string, zone: Zone): number | undefined {
  const at = Date.parse(zone === "utc" ? `${text}Z` : text);
  return Number.isNaN(at) ? undefined : at;
}

/** Return "15m", "6h", "7d" as milliseconds; null for another text. */
export function parseSpan(text: string): number | null {
  const found = /^(\d{1,3})([mhd])$/.exec(text);
  if (!found) return null;
  return Number(found[1]) * { m: MINUTE, h: HOUR, d: DAY }[found[2] as "m" | "h" | "d"];
}
