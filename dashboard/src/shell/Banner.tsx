import { useQueryClient } from "@tanstack/react-query";
import { connection } from "@/api/client";
import { useStore } from "@/lib/store";
import { clock, duration } from "@/lib/time";
import { live, togglePaused, useNow } from "@/live/live";
import { useZone } from "@/session/prefs";
import { Button } from "@/ui/Button";
import { IconAlert, IconPause } from "@/ui/icons";

/** Says when what is shown may be old: the API is away, or the page is paused. */
export function Banner() {
  const { downSince, lastOk } = useStore(connection);
  const { paused } = useStore(live);
  if (downSince !== null) return <Away downSince={downSince} lastOk={lastOk} />;
  return paused ? <Paused lastOk={lastOk} /> : null;
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
          <strong>The API cannot be reached.</strong>{" "}
          <span className="text-soft">
            {lastOk
              ? `You see what it said at ${clock(lastOk, zone)}.`
              : "Is it running, and does it allow this address?"}{" "}
            Trying again by itself, for {duration(Math.max(0, now - downSince))} now.
          </span>
        </p>
        <Button size="sm" onClick={() => void client.refetchQueries({ type: "active" })}>
          Try now
        </Button>
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
        <p className="flex-1">
          Paused.{" "}
          <span className="text-soft">{lastOk && `You see how it was at ${clock(lastOk, zone)}.`}</span>
        </p>
        <Button size="sm" shortcut="." onClick={togglePaused}>
          Go on
        </Button>
      </div>
    </div>
  );
}
