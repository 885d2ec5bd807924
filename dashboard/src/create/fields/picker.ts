import { fromInput, toInput, type Zone } from "@/lib/time";

/** Return the text that a date and time input shows for an ISO time, with seconds if it has them; "" for no time. */
export function pickerText(iso: string, zone: Zone): string {
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return "";
  const seconds = new Date(at).toISOString().slice(16, 19);
  return toInput(at, zone) + (seconds === ":00" ? "" : seconds);
}

/** Return the time of such an input in ISO form in UTC; "" while it is empty or incomplete. */
export function pickedTime(text: string, zone: Zone): string {
  const at = fromInput(text, zone);
  return at === undefined ? "" : new Date(at).toISOString().replace(".000Z", "Z");
}

const TIME = /^(\d\d:\d\d(?::\d\d)?)(z|[+-]\d\d:?\d\d)?$/i;

/** Return the text that an input for a time of day shows, and the offset that is kept; null for any other text. */
export function timeParts(text: string): { shown: string; offset: string } | null {
  const [, shown, offset = ""] = TIME.exec(text) ?? [];
  return shown === undefined ? null : { shown, offset };
}

/** Return the time of such an input with seconds, which a schema requires; "" while it is empty. */
export function pickedTimeOfDay(shown: string, offset: string): string {
  return shown === "" ? "" : `${shown.length === 5 ? `${shown}:00` : shown}${offset}`;
}

export const UNITS = ["days", "hours", "minutes", "seconds"] as const;
export type Unit = (typeof UNITS)[number];

const DURATION = /^P(?=\d|T\d)(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;

/** Return the numbers of an ISO duration, "" for a missing unit; null if it has other units, such as weeks. */
export function durationParts(text: string): Record<Unit, string> | null {
  if (text === "") return { days: "", hours: "", minutes: "", seconds: "" };
  const found = DURATION.exec(text);
  if (!found) return null;
  const [, days = "", hours = "", minutes = "", seconds = ""] = found;
  return { days, hours, minutes, seconds };
}

/**
 * Return the ISO duration of the numbers; "" without numbers. ISO allows no gap between units: a duration with hours
 * and seconds also needs minutes.
 */
export function pickedDuration({ days, hours, minutes, seconds }: Record<Unit, string>): string {
  const between = hours !== "" && seconds !== "" && minutes === "" ? "0" : minutes;
  const part = (n: string, unit: string) => (n === "" ? "" : `${n}${unit}`);
  const time = part(hours, "H") + part(between, "M") + part(seconds, "S");
  if (days === "" && time === "") return "";
  return `P${part(days, "D")}${time && `T${time}`}`;
}

/** Return true if a picker can show the text: a user may have typed any text as JSON. */
export function canPick(format: string, text: string): format is Picked {
  if (format === "datetime") return text === "" || !Number.isNaN(Date.parse(text));
  if (format === "time") return text === "" || timeParts(text) !== null;
  return format === "duration" && durationParts(text) !== null;
}

export type Picked = "datetime" | "time" | "duration";
