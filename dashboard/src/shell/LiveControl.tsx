import { connection } from "@/api/client";
import { cx } from "@/lib/cx";
import { useStore } from "@/lib/store";
import { spell } from "@/lib/time";
import { live, togglePaused, useNow } from "@/live/live";
import { setPrefs, usePrefs } from "@/session/prefs";
import { IconDown, IconPause, IconPlay } from "@/ui/icons";
import { Menu } from "@/ui/overlay/Menu";
import { radio } from "@/ui/overlay/menuEntries";
import { t } from "@/texts/en/shell";

const EVERY = [2, 5, 10, 30, 60] as const;
const SPEEDS = EVERY.map((seconds) => [String(seconds), t.seconds(seconds)] as const);

/** Show and set the refresh interval; pause and resume updates. */
export function LiveControl() {
  const { paused } = useStore(live);
  const { downSince, failing } = useStore(connection);
  const { poll } = usePrefs();
  const age = useAge();
  const late = age !== null && age > (poll + GRACE_S) * 1000;
  const noData = age === null && failing;
  const word =
    downSince !== null
      ? t.offline
      : paused
        ? t.pausedState
        : noData
          ? t.noData
          : late
            ? t.liveSince(spell(age))
            : t.live;
  const dot =
    downSince !== null ? "bg-red" : paused || noData || (late && failing) ? "bg-amber" : "bg-green pulse-dot";
  return (
    <Menu
      trigger={
        <button
          type="button"
          aria-label={t.howOftenToRefresh(word)}
          className="flex h-8 items-center gap-2 px-2 text-xs text-soft hover:bg-hover hover:text-text"
        >
          <span aria-hidden="true" className={cx("size-2", dot)} />
          <span className="nums hidden text-start min-[480px]:inline">{word}</span>
          <IconDown width={10} height={10} className="max-sm:hidden" />
        </button>
      }
      entries={[
        {
          kind: "item",
          text: paused ? t.resume : t.pause,
          icon: paused ? <IconPlay width={12} height={12} /> : <IconPause width={12} height={12} />,
          hint: ".",
          run: togglePaused,
        },
        { kind: "line" },
        radio(t.refreshEvery, String(poll), SPEEDS, (next) =>
          setPrefs({ poll: EVERY.find((seconds) => String(seconds) === next) ?? 5 }),
        ),
      ]}
    />
  );
}

/** Seconds that an answer may take until the label says how old the numbers are. */
const GRACE_S = 3;

/** Return how old the newest answer of the API is, in milliseconds; null if none has come. */
function useAge(): number | null {
  const now = useNow();
  const { lastOk } = useStore(connection);
  return lastOk === null ? null : Math.max(0, now - lastOk);
}
