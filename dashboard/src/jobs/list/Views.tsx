import { useNavigate, useLocation } from "@tanstack/react-router";
import { useState } from "react";
import { setPrefs, usePrefs } from "@/session/prefs";
import { Button, IconButton } from "@/ui/Button";
import { Field, inputClass } from "@/ui/Field";
import { IconClose } from "@/ui/icons";
import { toast } from "@/ui/overlay/toast";
import { readSearch } from "@/jobs/search";
import { t } from "@/texts/en/list";

const SYSTEM = [
  { name: t.needsAttention, search: "?status=dead_letter" },
  { name: t.failedInTheLast, search: "?status=failed&range=1h" },
  { name: t.slowestFirst, search: "?sort=run" },
  { name: t.scheduled, search: "?status=scheduled" },
];

/** Open, save and delete named filters. Loaded when the menu is opened. */
export default function Views({ close }: { close: () => void }) {
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
