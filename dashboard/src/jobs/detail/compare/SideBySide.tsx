import { cx } from "@/lib/cx";
import { folded, MOST_ROWS, sideBySide } from "./compare";
import { t } from "@/texts/en/detail";

interface Texts {
  label: string;
  left: string;
  right: string;
}

/** Show two texts side by side, line by line: different lines are marked, long runs of equal lines are folded. */
export function SideBySide({ label, left, right }: Texts) {
  if (!left && !right) return null;
  const rows = folded(sideBySide(left, right));
  return (
    <div
      role="region"
      aria-label={label}
      tabIndex={0}
      className="max-h-[50vh] overflow-auto border border-line bg-bg font-mono text-xs"
    >
      {/* On a phone each side is as wide as the box, and the text scrolls sideways to the other one. */}
      <div className="min-w-[200%] sm:min-w-[36rem]">
        {rows.slice(0, MOST_ROWS).map((row, at) =>
          typeof row === "number" ? (
            <p key={at} className="border-y border-line px-2 text-faint">
              {t.linesLeftOut(row)}
            </p>
          ) : (
            <div key={at} className={cx("grid grid-cols-2", row.left !== row.right && "bg-hover text-amber")}>
              <code className="px-2 break-words whitespace-pre-wrap">{row.left}</code>
              <code className="border-s border-line px-2 break-words whitespace-pre-wrap">{row.right}</code>
            </div>
          ),
        )}
      </div>
      {rows.length > MOST_ROWS && <p className="px-2 text-faint">{t.tooManyLines}</p>}
    </div>
  );
}
