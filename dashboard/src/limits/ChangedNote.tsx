import type { Limit } from "@/api/limits";
import { When } from "@/live/When";
import { hasOwnChange } from "./words";
import { t } from "@/texts/en/limits";

/** Say who changed a limit, when and why; nothing for a limit that is as in the code. */
export function ChangedNote({ limit }: { limit: Limit }) {
  const { changed } = limit;
  if (changed === null) return null;
  return (
    <p className="text-xs break-words text-soft">
      {t.changedBy(changed.by)}
      {!hasOwnChange(limit) && ` ${t.forAllValues}`}, <When at={changed.at} className="nums" />
      {changed.reason && (
        <>
          : <bdi className="text-text">{changed.reason}</bdi>
        </>
      )}
      {!changed.inForce && <span className="block">{t.notInForce}</span>}
    </p>
  );
}
