import { useQueryClient, type Query } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { connection } from "@/api/client";
import { ApiError, sentence } from "@/api/numbers/errors";
import { useStore } from "@/lib/store";
import { clock, duration } from "@/lib/time";
import { live, togglePaused, useNow } from "@/live/live";
import { useZone } from "@/session/prefs";
import { Button } from "@/ui/Button";
import { Copy } from "@/ui/Copy";
import { IconAlert, IconPause } from "@/ui/icons";
import { t } from "@/texts/en/shell";

/** Say when the data may be old: the API cannot be reached, or updates are paused. */
export function Banner() {
  const { downSince, lastOk } = useStore(connection);
  const { paused } = useStore(live);
  if (downSince !== null) return <Away downSince={downSince} lastOk={lastOk} />;
  return (
    <>
      <Stale />
      {paused && <Paused lastOk={lastOk} />}
    </>
  );
}

function Away({ downSince, lastOk }: { downSince: number; lastOk: number | null }) {
  const zone = useZone();
  const now = useNow();
  const client = useQueryClient();
  return (
    <div role="alert" className="sticky top-12 z-30 border-b border-red bg-panel">
      <div className="mx-auto flex max-w-[1600px] flex-wrap items-center gap-x-3 gap-y-1 px-4 py-1.5 text-sm">
        <IconAlert className="text-red" />
        <p className="min-w-0 flex-1">
          <strong>{t.unreachable}</strong>{" "}
          <span className="text-soft">
            {lastOk ? t.showingDataFrom(clock(lastOk, zone)) : t.checkTheApi}{" "}
            {t.reconnecting(duration(Math.max(0, now - downSince)))}
          </span>
        </p>
        <Button size="sm" onClick={() => void client.refetchQueries({ type: "active" })}>
          {t.retryNow}
        </Button>
      </div>
    </div>
  );
}

/** Queries whose data is shown, but whose last refresh failed. */
function isStale(query: Query): boolean {
  const { status, data, error } = query.state;
  const answered = error instanceof ApiError && error.status >= 500;
  return status === "error" && data !== undefined && answered && query.isActive();
}

/** Say that one query of this page fails; its data is as old as its last successful answer. */
function Stale() {
  const zone = useZone();
  const cache = useQueryClient().getQueryCache();
  const oldest = () =>
    cache.findAll({ predicate: isStale }).sort((a, b) => a.state.dataUpdatedAt - b.state.dataUpdatedAt)[0];
  const query = useSyncExternalStore((listener) => cache.subscribe(listener), oldest);
  if (!query) return null;
  const { error, dataUpdatedAt } = query.state;
  const id = error instanceof ApiError ? error.correlationId : null;
  return (
    <div role="status" className="sticky top-12 z-30 border-b border-amber bg-panel">
      <div className="mx-auto flex max-w-[1600px] flex-wrap items-center gap-x-3 px-4 py-1.5 text-sm">
        <IconAlert className="text-amber" />
        <p className="min-w-0 flex-1">
          <strong>{t.outOfDate(clock(dataUpdatedAt, zone))}</strong>{" "}
          <span className="text-soft">{t.retrying(sentence(error))}</span>
        </p>
        {id && (
          <span className="flex items-center font-mono text-2xs break-all text-soft">
            {id}
            <Copy text={id} label={t.copyTheCorrelationId} />
          </span>
        )}
      </div>
    </div>
  );
}

function Paused({ lastOk }: { lastOk: number | null }) {
  const zone = useZone();
  return (
    <div role="status" className="border-b border-line bg-panel">
      <div className="mx-auto flex max-w-[1600px] items-center gap-3 px-4 py-1 text-sm">
        <IconPause width={13} height={13} className="text-amber" />
        <p className="flex-1">{lastOk ? t.pausedAt(clock(lastOk, zone)) : t.paused}</p>
        <Button size="sm" shortcut="." onClick={togglePaused}>
          {t.resume}
        </Button>
      </div>
    </div>
  );
}
