/** JSON as it came over the wire. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = Record<string, Json>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function pretty(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

/** The value, or a sentence that says where the text stops being JSON. */
export function parseJson(text: string): { ok: true; value: Json } | { ok: false; error: string } {
  try {
    return { ok: true, value: JSON.parse(text) as Json };
  } catch (error) {
    const message = error instanceof Error ? error.message : "";
    const position = /position (\d+)/.exec(message)?.[1];
    if (!position) return { ok: false, error: "This is not JSON yet." };
    const before = text.slice(0, Number(position)).split("\n");
    const column = (before.at(-1) ?? "").length + 1;
    return { ok: false, error: `This is not JSON: line ${before.length}, column ${column}.` };
  }
}
