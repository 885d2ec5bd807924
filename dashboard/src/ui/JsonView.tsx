import { useMemo, useRef, useState } from "react";
import { cx } from "@/lib/cx";
import { pretty, stringify, type Json } from "@/lib/json";
import { jsonLines, type JsonLine } from "@/lib/jsonLines";
import { range, useRows } from "@/lib/useRows";
import { Copy } from "./Copy";
import { IconDown, IconRight } from "./icons";
import { t } from "@/texts/en/base";

/** Pixels: large enough to fold a line with a finger. */
const LINE = 24;
const NONE: ReadonlySet<string> = new Set();
/** Pixels of a level of indentation, and those that a line has at least for its text. */
const INDENT = 14;
const LEAST = 170;
/** Lines of a document that needs no search. */
const SHORT = 15;

/**
 * A JSON document whose parts can be folded. Only the visible lines are in the page, so 10,000 lines are as fast as
 * ten.
 */
export function JsonView({ value, label }: { value: Json; label: string }) {
  const box = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const [folded, setFolded] = useState(NONE);
  const [sought, setSought] = useState("");
  /** The path of the chosen line. */
  const [chosen, setChosen] = useState<string | null>(null);
  const whole = useMemo(() => jsonLines(value, NONE), [value]);
  // A folded part would hide what is sought.
  const lines = useMemo(() => (sought ? whole : jsonLines(value, folded)), [value, whole, folded, sought]);
  const found = useMemo(() => matches(whole, sought), [whole, sought]);
  const place = found.findIndex((at) => whole[at]?.path === chosen);
  const picked =
    chosen === null ? undefined : whole.find(({ path, kind }) => path === chosen && kind === "value");
  const long = wholeText(picked);
  const go = (to: number) => {
    const at = found[(to + found.length) % found.length];
    if (at === undefined) return;
    setChosen(whole[at]?.path ?? null);
    box.current?.scrollTo({ top: Math.max(0, (at - 4) * LINE) });
  };
  const { first, last } = useRows({ count: lines.length, size: LINE, scroller: box, list });
  const toggle = (path: string) =>
    setFolded((now) => {
      const next = new Set(now);
      if (!next.delete(path)) next.add(path);
      return next;
    });
  const bar = whole.length > SHORT || chosen !== null;
  const copy = <Copy text={() => pretty(value)} label={t.copy(label)} />;
  return (
    <div className="min-w-0 border border-line bg-bg">
      {bar && (
        <div className="flex flex-wrap items-center gap-2 border-b border-line px-2 py-1 text-xs">
          {whole.length > SHORT && (
            <input
              type="search"
              aria-label={t.searchIn(label)}
              placeholder={t.search}
              className="h-6 w-32 border border-line bg-bg px-2 text-xs"
              value={sought}
              onChange={(event) => {
                setSought(event.target.value);
                setChosen(null);
              }}
              onKeyDown={(event) => {
                if (event.key !== "Enter") return;
                event.preventDefault();
                go(event.shiftKey ? place - 1 : place + 1);
              }}
            />
          )}
          {sought && (
            <span role="status" className="nums text-soft">
              {t.found(place + 1, found.length)}
            </span>
          )}
          {chosen !== null && (
            <span className="flex min-w-0 items-center gap-1">
              <code className="min-w-0 truncate font-mono text-soft">{chosen}</code>
              <Copy text={chosen} label={t.copyPath(chosen)} />
            </span>
          )}
          <span className="ms-auto">{copy}</span>
        </div>
      )}
      {long !== null && (
        <pre
          dir="auto"
          role="region"
          aria-label={t.whole}
          tabIndex={0}
          className="max-h-40 overflow-auto border-b border-line p-2 font-mono text-xs break-words whitespace-pre-wrap"
        >
          {long}
        </pre>
      )}
      <div className="flex min-w-0 items-start">
        <div
          ref={box}
          role="region"
          aria-label={label}
          tabIndex={0}
          className="min-w-0 flex-1 overflow-auto overscroll-contain p-2 font-mono text-xs leading-6"
          style={{ maxHeight: 420 }}
        >
          <div ref={list} className="relative" style={{ height: lines.length * LINE }}>
            {range(first, last).map((at) => {
              const line = lines[at];
              return (
                line && (
                  <div
                    key={at}
                    className={cx(
                      "absolute start-0 top-0 flex h-6 w-full whitespace-pre",
                      line.path === chosen && line.kind !== "close" && "bg-wash",
                    )}
                    style={{
                      transform: `translateY(${at * LINE}px)`,
                      paddingInlineStart: line.depth * INDENT,
                      minWidth: line.depth * INDENT + LEAST,
                    }}
                  >
                    <Line line={line} onToggle={toggle} onChoose={setChosen} />
                  </div>
                )
              );
            })}
          </div>
        </div>
        {!bar && <span className="m-1.5">{copy}</span>}
      </div>
    </div>
  );
}

const CLOSE = { "{": "}", "[": "]" } as const;

/** Return the places of the lines whose name or value contains the text, in upper or lower case. */
function matches(lines: readonly JsonLine[], text: string): number[] {
  const sought = text.trim().toLowerCase();
  if (!sought) return [];
  return lines.flatMap(({ kind, key, value }, at) => {
    const content = kind === "value" ? stringify(value) : "";
    return kind !== "close" && `${key ?? ""} ${content}`.toLowerCase().includes(sought) ? [at] : [];
  });
}

/** Return a text that its line may have cut. */
function wholeText(line: JsonLine | undefined): string | null {
  return typeof line?.value === "string" && line.value.length > LONG ? line.value : null;
}

interface LineProps {
  line: JsonLine;
  onToggle: (path: string) => void;
  /** Choose the line, to copy its path. */
  onChoose: (path: string) => void;
}

function Line({ line, onToggle, onChoose }: LineProps) {
  const { kind, bracket, key, last } = line;
  const comma = last ? "" : ",";
  const foldable = kind === "open" || kind === "folded";
  return (
    <>
      <span className="w-6 shrink-0">
        {foldable && (
          <button
            type="button"
            aria-expanded={kind === "open"}
            aria-label={t.fold(line.path)}
            onClick={() => onToggle(line.path)}
            className="flex size-6 items-center justify-center text-faint hover:text-text"
          >
            {kind === "open" ? <IconDown width={10} height={10} /> : <IconRight width={10} height={10} />}
          </button>
        )}
      </span>
      {key !== null && (
        // Not in the order of Tab, because a document may have thousands of names; the search chooses lines, too.
        <button
          type="button"
          tabIndex={-1}
          title={t.choosePath(line.path)}
          onClick={() => onChoose(line.path)}
          className="max-w-2/3 shrink-0 overflow-hidden text-ellipsis text-soft hover:underline"
        >
          <bdi>{JSON.stringify(key)}</bdi>:{" "}
        </button>
      )}
      {kind === "open" && <span className="text-faint">{bracket}</span>}
      {kind === "close" && bracket && <span className="text-faint">{CLOSE[bracket] + comma}</span>}
      {kind === "folded" && bracket && (
        <span className="text-faint">
          {bracket} {bracket === "[" ? t.items(line.size) : t.keys(line.size)} {CLOSE[bracket] + comma}
        </span>
      )}
      {kind === "value" && <Value line={line} comma={comma} onChoose={onChoose} />}
    </>
  );
}

const LONGEST = 2000;
const TONE: Partial<Record<string, string>> = {
  string: "text-green",
  number: "text-blue",
  bigint: "text-blue",
};

/** Characters of a text that may not fit into its line: it is shown whole when its line is chosen. */
const LONG = 24;

/** Show a value on one line. A text that is cut has its beginning there, in whichever direction it is read. */
function Value({
  line,
  comma,
  onChoose,
}: {
  line: JsonLine;
  comma: string;
  onChoose: LineProps["onChoose"];
}) {
  const { value, bracket, path } = line;
  if (bracket) return <span className="text-faint">{bracket + CLOSE[bracket] + comma}</span>;
  const text = stringify(value);
  const shown = text.length > LONGEST ? text.slice(0, LONGEST) + t.tooLong(text.length) : text;
  const tone = TONE[typeof value] ?? "text-violet";
  return (
    <>
      {text.length > LONG ? (
        <button
          type="button"
          tabIndex={-1}
          dir="auto"
          title={t.choosePath(path)}
          onClick={() => onChoose(path)}
          className={cx("min-w-0 truncate hover:underline", tone)}
        >
          {shown}
        </button>
      ) : (
        <bdi className={tone}>{shown}</bdi>
      )}
      <span className="text-faint">{comma}</span>
    </>
  );
}
