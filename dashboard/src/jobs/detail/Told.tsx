import { When } from "@/live/When";

const TIME = /(\d{4}-\d\d-\d\dT[\d:.]+Z)/;

/** A sentence of the API, its times as all others here are. */
export function Told({ text }: { text: string }) {
  return text
    .split(TIME)
    .map((part, at) => (TIME.test(part) ? <When key={at} at={Date.parse(part)} /> : part));
}
