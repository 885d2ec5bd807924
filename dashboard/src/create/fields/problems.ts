import type { FieldProblem } from "@/api/numbers/errors";

/** Problems by path: "to.0" or "resize.width"; "" means the whole payload. */
export type Problems = Readonly<Record<string, string>>;

/** Convert the API's findings to this form; they replace the console's own findings. */
export function fromApi(errors: readonly FieldProblem[]): Problems {
  const found: Record<string, string> = {};
  for (const { loc, msg } of errors) {
    const path = loc.filter((part, at) => !(at < 2 && (part === "body" || part === "payload")));
    found[path.join(".")] ??= msg;
  }
  return found;
}

/** Return the problems of one part of the payload, with paths relative to this part. */
export function within(problems: Problems, name: string | number): Problems {
  const prefix = `${name}.`;
  const inside = Object.entries(problems).flatMap(([path, problem]) => {
    if (path === String(name)) return [["", problem] as const];
    return path.startsWith(prefix) ? [[path.slice(prefix.length), problem] as const] : [];
  });
  return Object.fromEntries(inside);
}
