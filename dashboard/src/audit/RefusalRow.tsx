import type { Refusal } from "@/api/audit";
import { When } from "@/live/When";
import { t } from "@/texts/en/audit";

/** How often one caller was refused in a minute, and why. */
export function RefusalRow({ refusal }: { refusal: Refusal }) {
  return (
    <li className="flex flex-wrap items-baseline gap-x-4 gap-y-1 px-4 py-2 text-sm lg:grid lg:grid-cols-[7.5rem_16rem_minmax(0,1fr)_12rem] xl:grid-cols-[7.5rem_18rem_minmax(0,1fr)_12rem]">
      <When at={refusal.minute} className="nums text-xs text-faint" />
      <code className="min-w-0 font-mono text-xs break-all">{refusal.principal}</code>
      <span className="min-w-0 break-words">{t.reasons[refusal.reason] ?? refusal.reason}</span>
      <span className="nums text-xs text-soft">{t.atLeast(refusal.count)}</span>
    </li>
  );
}
