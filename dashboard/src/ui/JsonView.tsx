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

/**
 * A JSON document whose parts can be folded. Only the visible lines are in the page, so 10,000 lines are as fast as
 * ten.
 */
export function JsonView({ value, label }: { value: Json; label: string }) {
  const box = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const [folded, setFolded] = useState(NONE);
  const lines = useMemo(() => jsonLines(value, folded), [value, folded]);
  const { first, last } = useRows({ count: lines.length, size: LINE, scroller: box, list });
  const toggle = (path: string) =>
    setFolded((now) => {
      const next = new Set(now);
      if (!next.delete(path)) next.add(path);
      return next;
    });
  return (
    <div className="flex min-w-0 items-start border border-line bg-bg">
      <div
        ref={box}
        role="region"
        aria-label={label}
        tabIndex={0}
        className="min-w-0 flex-1 overflow-auto overscroll-contain p-2 font-mono text-xs leading-6"
        style={{ maxHeight: 420 }}
      >
        <div ref={list} className="relative min-w-max" style={{ height: lines.length * LINE }}>
          {range(first, last).map((at) => {
            const line = lines[at];
            return (
              line && (
                <div
                  key={at}
                  className="absolute start-0 top-0 flex h-6 whitespace-pre"
                  style={{ transform: `translateY(${at * LINE}px)`, paddingInlineStart: line.depth * 14 }}
                >
                  <Line line={line} onToggle={toggle} />
                </div>
              )
            );
          })}
        </div>
      </div>
      <Copy text={() => pretty(value)} label={t.copy(label)} className="m-1.5" />
    </div>
  );
}

const CLOSE = { "{": "}", "[": "]" } as const;

function Line({ line, onToggle }: { line: JsonLine; onToggle: (path: string) => void }) {
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
        <span className="text-soft">
          <bdi>{JSON.stringify(key)}</bdi>:{" "}
        </span>
      )}
      {kind === "open" && <span className="text-faint">{bracket}</span>}
      {kind === "close" && bracket && <span className="text-faint">{CLOSE[bracket] + comma}</span>}
      {kind === "folded" && bracket && (
        <span className="text-faint">
          {bracket} {bracket === "[" ? t.items(line.size) : t.keys(line.size)} {CLOSE[bracket] + comma}
        </span>
      )}
      {kind === "value" && <Value value={line.value} bracket={bracket} comma={comma} />}
    </>
  );
}

const LONGEST = 2000;
const TONE: Partial<Record<string, string>> = {
  string: "text-green",
  number: "text-blue",
  bigint: "text-blue",
};

function Value({ value, bracket, comma }: { value: Json; bracket: JsonLine["bracket"]; comma: string }) {
  if (bracket) return <span className="text-faint">{bracket + CLOSE[bracket] + comma}</span>;
  const text = stringify(value);
  const tone = TONE[typeof value] ?? "text-violet";
  return (
    <span className={cx(tone)}>
      <bdi>{text.length > LONGEST ? text.slice(0, LONGEST) + t.tooLong(text.length) : text}</bdi>
      <span className="text-faint">{comma}</span>
    </span>
  );
}
