import { dayMonth } from "@/lib/time";
import { t } from "@/texts/en/schedules";

/**
 * Return the local time in an ISO 8601 text with its offset, whatever the browser's zone is: "Fri 15 Jan 09:00 +01:00".
 */
export function wall(local: string): string {
  const asUtc = Date.parse(`${local.slice(0, 19)}Z`);
  const day = t.weekdays[new Date(asUtc).getUTCDay()] ?? "";
  return `${day} ${dayMonth(asUtc, "utc")} ${local.slice(11, 16)} ${local.slice(19)}`;
}
