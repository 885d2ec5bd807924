/** A part of a description: plain text, or text with a markup. */
export interface Stretch {
  tag?: "code" | "i";
  text: string;
}

const MARKED = /`([^`]+)`|<i>([^<]*)<\/i>/g;

/** Return a description in parts: text between backticks in our descriptions, and italics in Swagger UI's own texts. */
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
