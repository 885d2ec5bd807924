import { t } from "@/texts/en/base";
/** JSON as it came over the wire. An integer that a number would round is a bigint, so that it is shown and sent as it is. */
export type Json = null | boolean | number | bigint | string | Json[] | { [key: string]: Json };
export type JsonObject = Record<string, Json>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Strings, to step over what stands in them, and numbers. */
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const WHOLE = /^-?\d+$/;
const LONG = /\d{16}/;
/** Marks a bigint on its way through the built-in functions: nobody outside this page can know it. */
const MARK = `${Math.random().toString(36).slice(2)}:`;

/** Like JSON.parse, without rounding an integer. Raises SyntaxError. */
export function parse(text: string): unknown {
  const rough = JSON.parse(text) as unknown;
  if (!LONG.test(text)) return rough;
  const marked = text.replace(TOKENS, (token) =>
    WHOLE.test(token) && typeof toInteger(token) === "bigint" ? `"${MARK}${token}"` : token,
  );
  return JSON.parse(marked, (_, value: unknown) =>
    typeof value === "string" && value.startsWith(MARK) ? BigInt(value.slice(MARK.length)) : value,
  ) as unknown;
}

/** Like JSON.stringify, with bigints as the integers they are. */
export function stringify(value: unknown, indent?: number): string {
  const mark = (_: string, one: unknown) => (typeof one === "bigint" ? MARK + String(one) : one);
  const text = JSON.stringify(value, mark, indent);
  return text.includes(MARK) ? text.replaceAll(new RegExp(`"${MARK}(-?\\d+)"`, "g"), "$1") : text;
}

/** Digits as a number, or as a bigint where a number would round them. */
export function toInteger(digits: string): number | bigint {
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : BigInt(digits);
}

export function pretty(value: unknown): string {
  return stringify(value, 2);
}

/** The same with every bigint as a number, for those who know no bigint: good enough to compare with a limit. */
export function rounded(value: Json): Json {
  return JSON.parse(
    JSON.stringify(value, (_, one: unknown) => (typeof one === "bigint" ? Number(one) : one)),
  ) as Json;
}

/** The value, or a sentence that says where the text stops being JSON. */
export function parseJson(text: string): { ok: true; value: Json } | { ok: false; error: string } {
  try {
    return { ok: true, value: parse(text) as Json };
  } catch (error) {
    const message = error instanceof Error ? error.message : "";
    const position = /position (\d+)/.exec(message)?.[1];
    if (!position) return { ok: false, error: t.invalidJson };
    const before = text.slice(0, Number(position)).split("\n");
    const column = (before.at(-1) ?? "").length + 1;
    return { ok: false, error: t.notJson(before.length, column) };
  }
}
