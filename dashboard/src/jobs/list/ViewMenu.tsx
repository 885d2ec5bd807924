import { useNavigate, useLocation } from "@tanstack/react-router";
import { useState } from "react";
import { useStore } from "@/lib/store";
import { setPrefs, usePrefs } from "@/session/prefs";
import { Button, IconButton } from "@/ui/Button";
import { Field, inputClass } from "@/ui/Field";
import { IconBookmark, IconClose, IconColumns } from "@/ui/icons";
import { Menu } from "@/ui/overlay/Menu";
import { radio, type MenuEntry } from "@/ui/overlay/menuEntries";
import { Popover } from "@/ui/overlay/Popover";
import { toast } from "@/ui/overlay/toast";
import { COLUMNS, fitColumns, tableWidth } from "@/jobs/table/columns";
import { readSearch } from "@/jobs/search";
import { t } from "@/texts/en/list";

const DENSITIES = [
  ["compact", t.compact],
  ["comfortable", t.comfortable],
] as const;

/** Choose columns, row height and charts. */
export function TableMenu() {
  const { hidden, density, charts } = usePrefs();
  const width = useStore(tableWidth);
  const wanted = COLUMNS.filter((column) => !hidden.includes(column.key));
  const shown = width > 0 ? fitColumns(wanted, width) : wanted;
  const columns = COLUMNS.filter((column) => column.rank > 0).map((column): MenuEntry => ({
    kind: "check",
    text: wanted.includes(column) && !shown.includes(column) ? t.hiddenTooNarrow(column.title) : column.title,
    checked: wanted.includes(column),
    set: (on) =>
      setPrefs({ hidden: on ? hidden.filter((one) => one !== column.key) : [...hidden, column.key] }),
  }));
  return (
    <Menu
      trigger={
        <IconButton label={t.columnsAndDensity}>
          <IconColumns />
        </IconButton>
      }
      entries={[
        { kind: "label", text: t.columns },
        ...columns,
        { kind: "line" },
        radio(t.density, density, DENSITIES, (next) => setPrefs({ density: next })),
        { kind: "line" },
        { kind: "check", text: t.charts, checked: charts, set: (on) => setPrefs({ charts: on }) },
      ]}
    />
  );
}

const SYSTEM = [
  { name: t.needsAttention, search: "?status=dead_letter" },
  { name: t.failedInTheLast, search: "?status=failed&range=1h" },
  { name: t.slowestFirst, search: "?sort=run" },
  { name: t.scheduled, search: "?status=scheduled" },
];

/** Show named filters, kept in this browser as URLs. */
export function SavedViews() {
  return (
    <Popover
      label={t.savedViews}
      trigger={
        <IconButton label={t.savedViews}>
          <IconBookmark />
        </IconButton>
      }
    >
      {(close) => <Views close={close} />}
    </Popover>
  );
}

function Views({ close }: { close: () => void }) {
  const { views } = usePrefs();
  const [name, setName] = useState("");
  const navigate = useNavigate();
  const here = useLocation({ select: (location) => location.searchStr });
  const show = (search: string) => {
    close();
    void navigate({ to: "/dashboard", search: readSearch(Object.fromEntries(new URLSearchParams(search))) });
  };
  const save = () => {
    const kept = views.filter((view) => view.name !== name.trim());
    setPrefs({ views: [...kept, { name: name.trim(), search: here }] });
    toast.done(t.savedTheViewIn(name.trim()));
    close();
  };
  return (
    <>
      <ul className="-mx-2 mb-3 flex flex-col">
        {[...SYSTEM, ...views].map((view) => (
          <li key={view.name} className="flex items-center hover:bg-hover">
            <button
              type="button"
              className="min-w-0 flex-1 truncate px-2 py-1.5 text-start text-sm"
              onClick={() => show(view.search)}
            >
              {view.name}
            </button>
            {views.includes(view) && (
              <IconButton
                label={t.deleteView(view.name)}
                className="size-7"
                onClick={() => setPrefs({ views: views.filter((one) => one !== view) })}
              >
                <IconClose width={12} height={12} />
              </IconButton>
            )}
          </li>
        ))}
      </ul>
      <form
        className="flex items-end gap-2 border-t border-line pt-3"
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim()) save();
        }}
      >
        <Field label={t.saveCurrentViewAs} className="flex-1">
          {(control) => (
            <input
              {...control}
              className={inputClass}
              value={name}
              maxLength={40}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        <Button type="submit" disabled={!name.trim()}>
          {t.save}
        </Button>
      </form>
    </>
  );
}
