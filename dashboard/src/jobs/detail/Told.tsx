import { When } from "@/live/When";

const TIME = /(\d{4}-\d\d-\d\dT[\d:.]+Z)/;

/** Show a sentence of the API, with its times in the console's format and time zone. */
export function Told({ text }: { text: string }) {
  return text
    .split(TIME)
    .map((part, at) => (TIME.test(part) ? <When key={at} at={Date.parse(part)} /> : part));
}
