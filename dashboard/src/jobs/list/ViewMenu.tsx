import { useEffect } from "react";
import { onDemand } from "@/lib/onDemand";
import { useStore } from "@/lib/store";
import { useIdle } from "@/lib/useIdle";
import { setPrefs, usePrefs } from "@/session/prefs";
import { IconButton } from "@/ui/Button";
import { IconBookmark, IconColumns } from "@/ui/icons";
import { Menu } from "@/ui/overlay/Menu";
import { radio, type Check, type MenuEntry } from "@/ui/overlay/menuEntries";
import { Popover } from "@/ui/overlay/Popover";
import { sentence } from "@/api/numbers/errors";
import { sortOf, toFilter, type JobsSearch } from "@/jobs/search";
import { toast } from "@/ui/overlay/toast";
import type { Format } from "./download";
import { columnsOf, fitColumns, NARROW, tableWidth } from "@/jobs/table/columns";
import { t } from "@/texts/en/list";

const Views = onDemand(() => import("./Views"));

const DENSITIES = [
  ["compact", t.compact],
  ["comfortable", t.comfortable],
] as const;

/** Choose columns, row height and charts. */
export function TableMenu({ search }: { search: JobsSearch }) {
  const { hidden, density, charts } = usePrefs();
  const width = useStore(tableWidth);
  const cards = width > 0 && width < NARROW;
  const wanted = columnsOf(search.status, hidden);
  const shown = width > 0 ? fitColumns(wanted, width, sortOf(search)) : wanted;
  const columns = columnsOf(search.status, [])
    .filter((column) => column.rank > 0)
    .map((column): Check => ({
      text: column.title,
      hint: wanted.includes(column) && !shown.includes(column) ? t.hiddenTooNarrow : undefined,
      checked: wanted.includes(column),
      set: (on) =>
        setPrefs({ hidden: on ? hidden.filter((one) => one !== column.key) : [...hidden, column.key] }),
    }));
  const table: MenuEntry[] = cards
    ? [{ kind: "text", text: <span className="block max-w-60 text-soft">{t.jobsAreCards}</span> }]
    : [
        { kind: "checks", label: t.columns, options: columns },
        { kind: "line" },
        radio(t.density, density, DENSITIES, (next) => setPrefs({ density: next })),
        { kind: "line" },
        { kind: "check", text: t.charts, checked: charts, set: (on) => setPrefs({ charts: on }) },
      ];
  return (
    <Menu
      trigger={
        <IconButton label={t.columnsAndDensity}>
          <IconColumns />
        </IconButton>
      }
      entries={[
        ...table,
        // Plain text is not a filter of one list, so its matches cannot be saved.
        ...(search.q === undefined
          ? [
              { kind: "line" as const },
              { kind: "item" as const, text: t.downloadCsv, run: () => void download(search, "csv") },
              { kind: "item" as const, text: t.downloadJsonLines, run: () => void download(search, "jsonl") },
            ]
          : []),
      ]}
    />
  );
}

/** Save the jobs of the filter as a file, and show how many jobs the file contains. */
async function download(search: JobsSearch, format: Format): Promise<void> {
  toast.done(t.downloading);
  try {
    const { everyJob, save, written } = await import("./download");
    const { jobs, looked, more } = await everyJob(toFilter(search, Date.now()));
    save(written(jobs, format), `jobs.${format}`);
    toast.done(more ? t.downloadedNewest(jobs.length, looked) : t.downloaded(jobs.length));
  } catch (error) {
    toast.problem(sentence(error));
  }
}

/** Show named filters: those of this browser and those that all users of the stage share. */
export function SavedViews() {
  // Loaded while the browser is idle, so that the menu opens with its content.
  const idle = useIdle();
  useEffect(() => {
    if (idle) void Views.load().catch(() => undefined);
  }, [idle]);
  return (
    <Popover
      label={t.savedViews}
      trigger={
        <IconButton label={t.savedViews}>
          <IconBookmark />
        </IconButton>
      }
    >
      {(close) => <Views close={close} fallback={<div className="h-52" />} />}
    </Popover>
  );
}
