import { isObject, type Json } from "@/lib/json";

/** A file to which a result links. */
export interface ResultFile {
  name: string;
  url: string;
  kind: "image" | "csv" | "other";
}

const IMAGE = /\.(png|jpe?g|webp|gif|avif)$/i;

/** Return the files of a result, up to three levels deep: http(s) addresses in the fields `url` and `*_url`. */
export function resultFiles(result: Json, depth = 3): ResultFile[] {
  if (depth === 0 || typeof result !== "object" || result === null) return [];
  if (Array.isArray(result)) return result.slice(0, 20).flatMap((one) => resultFiles(one, depth - 1));
  return Object.entries(result).flatMap(([key, value]): ResultFile[] => {
    if (key !== "url" && !key.endsWith("_url"))
      return isObject(value) || Array.isArray(value) ? resultFiles(value, depth - 1) : [];
    const file = typeof value === "string" ? fileAt(value) : null;
    return file ? [file] : [];
  });
}

function fileAt(address: string): ResultFile | null {
  if (!URL.canParse(address)) return null;
  const url = new URL(address);
  // Any other text, in particular javascript:, is shown only as text.
  if (url.protocol !== "https:" && url.protocol !== "http:") return null;
  const name = decoded(url.pathname.split("/").at(-1) ?? "") || url.hostname;
  const kind = IMAGE.test(name) ? "image" : name.endsWith(".csv") ? "csv" : "other";
  return { name, url: url.href, kind };
}

/** Decode percent-encoding; a text with a single "%" stays unchanged. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Return the first rows of a CSV text (RFC 4180). */
export function csvRows(text: string, most = 12): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [, quoted, bare = "", end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    row.push(quoted?.replaceAll('""', '"') ?? bare);
    if (end === ",") continue;
    if (row.length > 1 || row[0]) rows.push(row);
    row = [];
    if (rows.length >= most || end === "") break;
  }
  return rows;
}
