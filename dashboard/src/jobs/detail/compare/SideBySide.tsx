import { cx } from "@/lib/cx";
import { sideBySide } from "./compare";

interface Texts {
  label: string;
  left: string;
  right: string;
}

/** Show two texts side by side, line by line, those that differ marked. */
export function SideBySide({ label, left, right }: Texts) {
  if (!left && !right) return null;
  return (
    <div
      role="region"
      aria-label={label}
      tabIndex={0}
      className="max-h-[50vh] overflow-auto border border-line bg-bg font-mono text-xs"
    >
      {sideBySide(left, right).map((pair, at) => (
        <div key={at} className={cx("grid grid-cols-2", pair.left !== pair.right && "bg-hover text-amber")}>
          <code className="px-2 break-words whitespace-pre-wrap">{pair.left}</code>
          <code className="border-s border-line px-2 break-words whitespace-pre-wrap">{pair.right}</code>
        </div>
      ))}
    </div>
  );
}
