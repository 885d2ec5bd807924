import { isObject, stringify, type Json } from "./json";

/** One changed value of a payload; null where there is no value. */
export interface Change {
  path: string;
  before: string | null;
  after: string | null;
}

/** Return the values that differ, in the order of the fields; removed values are last. */
export function changes(before: Json, after: Json): Change[] {
  const [old, now] = [leaves(before), leaves(after)];
  return [...new Set([...now.keys(), ...old.keys()])].flatMap((path) => {
    const change = { path, before: old.get(path) ?? null, after: now.get(path) ?? null };
    return change.before === change.after ? [] : [change];
  });
}

/** Return every value that has no fields, as JSON, by its path. */
export function leaves(root: Json): Map<string, string> {
  const found = new Map<string, string>();
  const left: [string, Json][] = [["", root]];
  for (let next = left.shift(); next; next = left.shift()) {
    const [path, value] = next;
    const inside = Array.isArray(value) || isObject(value) ? Object.entries(value) : [];
    if (inside.length === 0) found.set(path, stringify(value));
    else
      left.unshift(...inside.map(([key, inner]): [string, Json] => [path ? `${path}.${key}` : key, inner]));
  }
  return found;
}
