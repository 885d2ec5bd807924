import { useNavigate, useLocation } from "@tanstack/react-router";
import { useState } from "react";
import { setPrefs, usePrefs } from "@/session/prefs";
import { Button, IconButton } from "@/ui/Button";
import { Field, inputClass } from "@/ui/Field";
import { IconBookmark, IconClose, IconColumns } from "@/ui/icons";
import { Menu, MenuCheck, MenuLabel, MenuLine, MenuRadio } from "@/ui/Menu";
import { Popover } from "@/ui/Popover";
import { toast } from "@/ui/toast";
import { COLUMNS } from "./columns";
import { readSearch } from "./search";

/** Which columns, how tall the rows, charts or none. */
export function TableMenu() {
  const { hidden, density, charts } = usePrefs();
  return (
    <Menu
      trigger={
        <IconButton label="Columns and density">
          <IconColumns />
        </IconButton>
      }
    >
      <MenuLabel>Columns</MenuLabel>
      {COLUMNS.filter((column) => column.rank > 0).map(({ key, title }) => (
        <MenuCheck
          key={key}
          checked={!hidden.includes(key)}
          onChange={(on) => setPrefs({ hidden: on ? hidden.filter((one) => one !== key) : [...hidden, key] })}
        >
          {title}
        </MenuCheck>
      ))}
      <MenuLine />
      <MenuRadio
        label="Density"
        value={density}
        options={[
          ["compact", "Compact"],
          ["comfortable", "Comfortable"],
        ]}
        onChange={(next) => setPrefs({ density: next })}
      />
      <MenuLine />
      <MenuCheck checked={charts} onChange={(on) => setPrefs({ charts: on })}>
        Charts
      </MenuCheck>
    </Menu>
  );
}

const SYSTEM = [
  { name: "Needs you", search: "?status=dead_letter" },
  { name: "Failed in the last hour", search: "?status=failed&range=1h" },
  { name: "Slowest first", search: "?sort=run" },
  { name: "Coming up", search: "?status=scheduled" },
];

/** Filters under a name, kept in this browser; what they hold is a URL. */
export function SavedViews() {
  const { views } = usePrefs();
  const [open, setOpen] = useState(false);
  const [name, setName] = useState("");
  const navigate = useNavigate();
  const here = useLocation({ select: (location) => location.searchStr });
  const show = (search: string) => {
    setOpen(false);
    void navigate({ to: "/dashboard", search: readSearch(Object.fromEntries(new URLSearchParams(search))) });
  };
  const save = () => {
    const kept = views.filter((view) => view.name !== name.trim());
    setPrefs({ views: [...kept, { name: name.trim(), search: here }] });
    toast.done(`Saved the view “${name.trim()}” in this browser.`);
    setName("");
    setOpen(false);
  };
  return (
    <Popover
      label="Saved views"
      open={open}
      onOpenChange={setOpen}
      trigger={
        <IconButton label="Saved views">
          <IconBookmark />
        </IconButton>
      }
    >
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
                label={`Forget the view ${view.name}`}
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
        <Field label="Save what is shown now as" className="flex-1">
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
    </Popover>
  );
}
