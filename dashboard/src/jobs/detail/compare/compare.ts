import type { Attempt } from "@/api/jobs/jobs";
import { isObject, type Json } from "@/lib/json";

/** A line of two texts side by side; null if one of the texts has no such line. */
export interface Pair {
  left: string | null;
  right: string | null;
}

/**
 * Return the lines of both texts as pairs: equal lines at the start and at the end beside each other, the lines between
 * them in order.
 */
export function sideBySide(left: string, right: string): Pair[] {
  const [a, b] = [left.split("\n"), right.split("\n")];
  const most = Math.min(a.length, b.length);
  let head = 0;
  while (head < most && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < most - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
  const rest = Math.max(a.length, b.length) - head - tail;
  const middle = Array.from({ length: rest }, (_, n) => ({
    left: head + n < a.length - tail ? (a[head + n] ?? null) : null,
    right: head + n < b.length - tail ? (b[head + n] ?? null) : null,
  }));
  const same = (lines: string[]) => lines.map((line) => ({ left: line, right: line }));
  return [...same(a.slice(0, head)), ...middle, ...same(a.slice(a.length - tail))];
}

/** Return the value with sorted keys in its objects: the order of keys has no meaning, and a form changes it. */
export function inOrder(value: Json): Json {
  if (Array.isArray(value)) return value.map(inOrder);
  if (!isObject(value)) return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, inOrder(value[key] ?? null)]));
}

/** Maximum number of rows that are shown of two texts. */
export const MOST_ROWS = 400;
/**
 * The number of equal lines that are shown before and after a difference, and the length from which other equal lines
 * are folded.
 */
const AROUND = 3;
const LONG = 12;

/**
 * Return the pairs; each long run of equal lines is replaced by their number, except for the lines beside a difference.
 */
export function folded(pairs: Pair[]): (Pair | number)[] {
  const found: (Pair | number)[] = [];
  for (let at = 0; at < pairs.length;) {
    let end = at;
    while (end < pairs.length && pairs[end]?.left === pairs[end]?.right) end++;
    if (end - at > LONG && end - at < pairs.length) {
      const [head, tail] = [at === 0 ? 0 : AROUND, end === pairs.length ? 0 : AROUND];
      found.push(...pairs.slice(at, at + head), end - at - head - tail, ...pairs.slice(end - tail, end));
    } else found.push(...pairs.slice(at, end));
    const differs = pairs[end];
    if (differs) found.push(differs);
    at = end + 1;
  }
  return found;
}

/** Return the name of an attempt in a list; it is unique within the job. */
export const keyOf = ({ gen, claim, attempt }: Attempt): string => `${gen}.${claim}.${attempt}`;

/** Return true if both attempts failed at the same place: they have the same stack frames; the message may differ. */
export function sameStack(left: Attempt, right: Attempt): boolean {
  const frames = (stack: string | null) => stack?.match(/^ {2}File .*$/gm)?.join("\n");
  const [a, b] = [frames(left.stack), frames(right.stack)];
  return a !== undefined && a === b;
}
