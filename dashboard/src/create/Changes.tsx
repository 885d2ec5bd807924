import { changes } from "@/lib/difference";
import type { Json } from "@/lib/json";
import { oneLine } from "@/lib/format";
import { Panel } from "@/ui/Panel";
import { t } from "@/texts/en/create";

/** Maximum number of listed changes; the payload itself shows the others. */
const MOST = 20;

/** Show the differences from the job's payload. */
export function Changes({ before, after }: { before: Json; after: Json }) {
  const found = changes(before, after);
  if (found.length === 0) return null;
  return (
    <Panel title={t.changes(found.length)}>
      <ul className="flex flex-col gap-1 font-mono text-xs break-words" data-testid="changes">
        {found.slice(0, MOST).map(({ path, before: old, after: now }) => (
          <li key={path} dir="auto">
            <span className="text-soft">{path}: </span>
            {old !== null && <del className="text-red">{oneLine(old)}</del>}{" "}
            {now !== null && <ins className="text-green">{oneLine(now)}</ins>}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
