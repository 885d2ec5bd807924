import { Code } from "@/ui/Code";

const PARTS =
  /(?<comment>#.*)|(?<text>"""[^"]*"""|"[^"]*")|(?<mark>@\w+)|(?<word>\b(?:from|import|class|def|return|raise|if|is|None)\b)/g;
const TONE: Record<string, string> = {
  comment: "text-faint",
  text: "text-green",
  mark: "text-accent-text",
  word: "text-violet",
};

/** Show Python code with coloured comments, texts, decorators and keywords. */
export function Source({ text, label }: { text: string; label: string }) {
  const parts: { text: string; tone?: string | undefined }[] = [];
  let at = 0;
  for (const found of text.matchAll(PARTS)) {
    const kind = Object.keys(TONE).find((name) => found.groups?.[name]);
    parts.push({ text: text.slice(at, found.index) }, { text: found[0], tone: kind && TONE[kind] });
    at = found.index + found[0].length;
  }
  parts.push({ text: text.slice(at) });
  return (
    <Code text={text} label={label} wrap={false} className="[&_pre]:max-h-none">
      {parts.map((part, n) => (
        <span key={n} className={part.tone}>
          {part.text}
        </span>
      ))}
    </Code>
  );
}
