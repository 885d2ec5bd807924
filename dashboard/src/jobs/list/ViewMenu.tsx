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

const DENSITIES = [
  ["compact", "Compact"],
  ["comfortable", "Comfortable"],
] as const;

/** Choose columns, row height and charts. */
export function TableMenu() {
  const { hidden, density, charts } = usePrefs();
  const width = useStore(tableWidth);
  const wanted = COLUMNS.filter((column) => !hidden.includes(column.key));
  const shown = width > 0 ? fitColumns(wanted, width) : wanted;
  const columns = COLUMNS.filter((column) => column.rank > 0).map((column): MenuEntry => ({
    kind: "check",
    text:
      wanted.includes(column) && !shown.includes(column)
        ? `${column.title} (hidden: too narrow)`
        : column.title,
    checked: wanted.includes(column),
    set: (on) =>
      setPrefs({ hidden: on ? hidden.filter((one) => one !== column.key) : [...hidden, column.key] }),
  }));
  return (
    <Menu
      trigger={
        <IconButton label="Columns and density">
          <IconColumns />
        </IconButton>
      }
      entries={[
        { kind: "label", text: "Columns" },
        ...columns,
        { kind: "line" },
        radio("Density", density, DENSITIES, (next) => setPrefs({ density: next })),
        { kind: "line" },
        { kind: "check", text: "Charts", checked: charts, set: (on) => setPrefs({ charts: on }) },
      ]}
    />
  );
}

const SYSTEM = [
  { name: "Needs attention", search: "?status=dead_letter" },
  { name: "Failed in the last hour", search: "?status=failed&range=1h" },
  { name: "Slowest first", search: "?sort=run" },
  { name: "Scheduled", search: "?status=scheduled" },
];

/** Show named filters, kept in this browser as URLs. */
export function SavedViews() {
  return (
    <Popover
      label="Saved views"
      trigger={
        <IconButton label="Saved views">
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
    toast.done(`Saved the view “${name.trim()}” in this browser.`);
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
                label={`Delete view ${view.name}`}
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
        <Field label="Save current view as" className="flex-1">
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
          Save
        </Button>
      </form>
    </>
  );
}
