import type { ReactNode } from "react";
import { cx } from "@/lib/cx";
import { Copy } from "./Copy";

/** Text in a fixed pitch, as it is, with a way to copy it. Never anything but text. */
export function Code({
  text,
  label,
  className,
  wrap = true,
  children,
}: {
  text: string;
  label: string;
  className?: string;
  wrap?: boolean;
  /** The same text, with parts of it in colour. */
  children?: ReactNode;
}) {
  return (
    <div className={cx("group relative min-w-0 border border-line bg-bg", className)}>
      <pre
        dir="auto"
        role="region"
        tabIndex={0}
        aria-label={label}
        className={cx(
          "max-h-96 overflow-auto p-3 pe-10 font-mono text-xs",
          wrap && "break-words whitespace-pre-wrap",
        )}
      >
        {children ?? text}
      </pre>
      <Copy text={text} label={`Copy: ${label}`} className="absolute end-1.5 top-1.5 bg-bg" />
    </div>
  );
}
