import { useEffect, useState } from "react";
import { cx } from "@/lib/cx";
import { copyText } from "@/lib/text";
import { IconCheck, IconCopy } from "./icons";
import { t } from "@/texts/en/base";

/** Copy a text, and confirm it in the button. */
export function Copy({
  text,
  label,
  className,
}: {
  text: string | (() => string);
  label: string;
  className?: string;
}) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1500);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => setCopied(await copyText(typeof text === "string" ? text : text()));
  return (
    <button
      type="button"
      aria-label={copied ? t.copied : label}
      title={label}
      onClick={(event) => {
        event.stopPropagation();
        void copy();
      }}
      className={cx(
        "inline-flex size-6 shrink-0 items-center justify-center text-faint hover:bg-hover hover:text-text",
        copied && "text-green",
        className,
      )}
    >
      {copied ? <IconCheck width={13} height={13} /> : <IconCopy width={13} height={13} />}
    </button>
  );
}
