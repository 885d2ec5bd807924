import { fromInput, toInput, type Zone } from "@/lib/time";

/** Return what an input of date and time shows of an ISO time, its seconds too where it has some; "" of no time. */
export function pickerText(iso: string, zone: Zone): string {
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return "";
  const seconds = new Date(at).toISOString().slice(16, 19);
  return toInput(at, zone) + (seconds === ":00" ? "" : seconds);
}

/** Return such an input's time in ISO form in UTC; "" while it is empty or incomplete. */
export function pickedTime(text: string, zone: Zone): string {
  const at = fromInput(text, zone);
  return at === undefined ? "" : new Date(at).toISOString().replace(".000Z", "Z");
}
