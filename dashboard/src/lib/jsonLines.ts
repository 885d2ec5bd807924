import { isObject, type Json } from "./json";

/** A line of a JSON document that can be folded. */
export interface JsonLine {
  /** The path of the value, "$.a[3]", which is also its key. */
  path: string;
  depth: number;
  key: string | null;
  /** For a value that is not a container, or for an empty or folded container. */
  value: Json;
  kind: "open" | "close" | "folded" | "value";
  bracket: "{" | "[" | null;
  size: number;
  last: boolean;
}

const MOST_LINES = 200_000;

/**
 * Return the document as lines, without the content of folded paths. It uses a stack and no recursion, because the
 * sender of the document decides how deep it is nested.
 */
export function jsonLines(root: Json, folded: ReadonlySet<string>): JsonLine[] {
  const lines: JsonLine[] = [];
  type Task =
    { line: JsonLine } | { path: string; depth: number; key: string | null; value: Json; last: boolean };
  const stack: Task[] = [{ path: "$", depth: 0, key: null, value: root, last: true }];
  for (let task = stack.pop(); task && lines.length < MOST_LINES; task = stack.pop()) {
    if ("line" in task) {
      lines.push(task.line);
      continue;
    }
    const children = childrenOf(task.value, task.path);
    const bracket = children ? (Array.isArray(task.value) ? "[" : "{") : null;
    const line = { ...task, bracket, size: children?.length ?? 0 } as const;
    if (!children || children.length === 0) lines.push({ ...line, kind: "value" });
    else if (folded.has(task.path)) lines.push({ ...line, kind: "folded" });
    else {
      lines.push({ ...line, kind: "open" });
      stack.push({ line: { ...line, key: null, kind: "close" } });
      const { depth } = task;
      stack.push(
        ...children
          .map((child, at) => ({ ...child, depth: depth + 1, last: at === children.length - 1 }))
          .reverse(),
      );
    }
  }
  return lines;
}

interface Child {
  path: string;
  key: string | null;
  value: Json;
}

function childrenOf(value: Json, path: string): Child[] | null {
  if (Array.isArray(value))
    return value.map((item, at) => ({ path: `${path}[${at}]`, key: null, value: item }));
  if (!isObject(value)) return null;
  return Object.entries(value).map(([key, item]) => ({
    path: /^\w+$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`,
    key,
    value: item,
  }));
}
