import { useQuery } from "@tanstack/react-query";
import { pastPauses, type PastPause } from "@/api/queues/pastPauses";
import { duration } from "@/lib/time";
import { SERIES, usePolling } from "@/live/live";
import { When } from "@/live/When";
import { Panel } from "@/ui/Panel";
import { Unknown } from "../Unknown";
import { t } from "@/texts/en/queues";

/** Show the pauses of a type that have ended: since when, how long, by whom and why. */
export function PastPauses({ type }: { type: string }) {
  const { data, error } = useQuery({ ...pastPauses(type), ...usePolling(SERIES) });
  return (
    <Panel title={t.pastPauses} flush>
      {!data && <Unknown error={error} />}
      {data?.length === 0 && <p className="p-4 text-sm text-soft">{t.noPastPauses}</p>}
      <ul className="divide-y divide-line">
        {data?.map((one) => (
          <Past key={one.since} pause={one} />
        ))}
      </ul>
    </Panel>
  );
}

function Past({ pause: { since, until, by, reason, resumedBy } }: { pause: PastPause }) {
  return (
    <li className="px-4 py-2 text-sm">
      <p className="flex flex-wrap items-baseline gap-x-3">
        <When at={since} className="nums text-xs text-soft" />
        <span className="nums font-medium">{duration(until - since)}</span>
        <span className="text-xs text-soft">{t.pausedAndResumed(by, resumedBy)}</span>
      </p>
      {reason && (
        <p dir="auto" className="break-words">
          {reason}
        </p>
      )}
    </li>
  );
}
