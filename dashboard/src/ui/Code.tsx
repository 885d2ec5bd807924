import type { ReactNode } from "react";
import { cx } from "@/lib/cx";
import { Copy } from "./Copy";
import { t } from "@/texts/en/base";

/** Show text in a monospace font, with a button that copies it. The content is never interpreted as HTML. */
export function Code({
  text,
  label,
  className,
  wrap = true,
  short = false,
  children,
}: {
  text: string;
  label: string;
  className?: string;
  /** False: a long line scrolls sideways, except on a phone. */
  wrap?: boolean;
  /** For code that is copied more often than read. */
  short?: boolean;
  /** The same text, with coloured parts. */
  children?: ReactNode;
}) {
  return (
    <div className={cx("group flex min-w-0 items-start border border-line bg-bg", className)}>
      <pre
        dir="auto"
        role="region"
        tabIndex={0}
        aria-label={label}
        className={cx(
          short ? "max-h-60" : "max-h-96",
          "min-w-0 flex-1 overflow-auto p-3 font-mono text-xs",
          wrap ? "break-words whitespace-pre-wrap" : "max-sm:break-words max-sm:whitespace-pre-wrap",
        )}
      >
        {children ?? text}
      </pre>
      <Copy text={text} label={t.copy(label)} className="m-1.5" />
    </div>
  );
}
