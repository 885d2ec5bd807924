/** A stretch of a description: plain, or what it is marked as. */
export interface Stretch {
  tag?: "code" | "i";
  text: string;
}

const MARKED = /`([^`]+)`|<i>([^<]*)<\/i>/g;

/** A description in stretches: what our texts put between backticks, and the italics of Swagger UI's own words. */
export function inline(source: string): Stretch[] {
  const found: Stretch[] = [];
  let end = 0;
  for (const match of source.matchAll(MARKED)) {
    const [whole, code, italic] = match;
    found.push({ text: source.slice(end, match.index) });
    found.push(code === undefined ? { tag: "i", text: italic ?? "" } : { tag: "code", text: code });
    end = match.index + whole.length;
  }
  found.push({ text: source.slice(end) });
  return found.filter(({ text }) => text !== "");
}
