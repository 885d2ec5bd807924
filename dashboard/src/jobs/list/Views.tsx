import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useLocation } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { sentence } from "@/api/numbers/errors";
import {
  LONGEST_SEARCH,
  sharedViews,
  shareView,
  unshareView,
  type SharedView,
  type View,
} from "@/api/jobs/views";
import { setPrefs, usePrefs } from "@/session/prefs";
import { useMe } from "@/session/session";
import { Button, IconButton } from "@/ui/Button";
import { Field, inputClass, Segments } from "@/ui/Field";
import { IconClose } from "@/ui/icons";
import { Reason } from "@/ui/Reason";
import { toast } from "@/ui/overlay/toast";
import { readSearch } from "@/jobs/search";
import { t } from "@/texts/en/list";

const SYSTEM = [
  { name: t.needsAttention, search: "?status=dead_letter" },
  { name: t.failedInTheLast, search: "?status=failed&range=1h" },
  { name: t.slowestFirst, search: "?sort=run" },
  { name: t.scheduled, search: "?status=scheduled" },
];

/** Open, save and delete named filters: those of this browser, and those of the stage. Loaded when the menu is opened. */
export default function Views({ close }: { close: () => void }) {
  const { views } = usePrefs();
  const { can } = useMe();
  const shared = useQuery(sharedViews());
  const unshare = useUnshare();
  const navigate = useNavigate();
  const show = (search: string) => {
    close();
    void navigate({ to: "/dashboard", search: readSearch(Object.fromEntries(new URLSearchParams(search))) });
  };
  const forget = (view: View) => setPrefs({ views: views.filter((one) => one !== view) });
  return (
    <>
      <div className="-mx-2 mb-3 max-h-80 overflow-y-auto">
        <Named views={SYSTEM} onShow={show} />
        {shared.error && (
          <p role="alert" className="px-2 py-1.5 text-xs text-red">
            {t.couldntLoadViews(sentence(shared.error))}
          </p>
        )}
        {shared.data && shared.data.length > 0 && (
          <Named
            title={t.forEveryone}
            views={shared.data}
            hint={({ by }) => t.savedBy(by)}
            onShow={show}
            onDelete={can.act ? unshare : undefined}
          />
        )}
        {views.length > 0 && <Named title={t.inThisBrowser} views={views} onShow={show} onDelete={forget} />}
      </div>
      <Save close={close} />
    </>
  );
}

interface NamedProps<V extends View> {
  title?: string;
  views: V[];
  hint?: (view: V) => string;
  onShow: (search: string) => void;
  onDelete?: ((view: V) => void) | undefined;
}

function Named<V extends View>({ title, views, hint, onShow, onDelete }: NamedProps<V>): ReactNode {
  return (
    <>
      {title && <h3 className="px-2 pt-2 text-2xs text-faint">{title}</h3>}
      <ul aria-label={title} className="flex flex-col">
        {views.map((view) => (
          <li key={view.name} className="flex items-center hover:bg-hover">
            <button
              type="button"
              className="min-w-0 flex-1 truncate px-2 py-1.5 text-start text-sm"
              onClick={() => onShow(view.search)}
            >
              {view.name}
              {hint && <span className="ms-2 text-2xs text-faint">{hint(view)}</span>}
            </button>
            {onDelete && (
              <IconButton label={t.deleteView(view.name)} className="size-7" onClick={() => onDelete(view)}>
                <IconClose width={12} height={12} />
              </IconButton>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

/** Save the filters of the list under a name, in this browser or, for those who may, for all users of the stage. */
function Save({ close }: { close: () => void }) {
  const { views } = usePrefs();
  const { can } = useMe();
  const [typed, setTyped] = useState("");
  const [reason, setReason] = useState("");
  const [where, setWhere] = useState<"browser" | "stage">("browser");
  const share = useShare();
  const shared = useQuery(sharedViews());
  const name = typed.trim();
  const search = useLocation({ select: (location) => location.searchStr });
  const replaced = where === "stage" ? shared.data?.find((view) => view.name === name) : undefined;
  const save = () => {
    if (where === "stage") {
      if (search.length > LONGEST_SEARCH) toast.problem(t.filtersTooLong);
      else share.mutate({ view: { name, search }, replaced, reason }, { onSuccess: close });
      return;
    }
    setPrefs({ views: [...views.filter((view) => view.name !== name), { name, search }] });
    toast.done(t.savedTheViewIn(name));
    close();
  };
  return (
    <form
      className="flex flex-col gap-2 border-t border-line pt-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (name) save();
      }}
    >
      <div className="flex items-end gap-2">
        <Field label={t.saveCurrentViewAs} className="flex-1">
          {(control) => (
            <input
              {...control}
              className={inputClass}
              value={typed}
              maxLength={40}
              onChange={(event) => setTyped(event.target.value)}
            />
          )}
        </Field>
        <Button type="submit" disabled={!name || share.isPending}>
          {t.save}
        </Button>
      </div>
      <p aria-live="polite" className="text-xs text-soft empty:hidden">
        {replaced && t.replacesTheViewOf(replaced.by)}
      </p>
      {can.act && (
        <div>
          <Segments
            label={t.whoSeesTheView}
            value={where}
            options={[
              ["browser", t.inThisBrowser],
              ["stage", t.forEveryone],
            ]}
            onChange={setWhere}
          />
        </div>
      )}
      {where === "stage" && <Reason reason={reason} onChange={setReason} />}
    </form>
  );
}

interface Sharing {
  view: View;
  /** The view that it replaces; another one is not replaced. */
  replaced?: SharedView | undefined;
  reason?: string;
}

/** Share a view, or say why it could not be shared. A view that it has replaced can be brought back. */
function useShare() {
  const client = useQueryClient();
  const share = useMutation({
    mutationFn: ({ view, replaced, reason }: Sharing) => shareView(view, replaced, reason),
    onSuccess: (saved, { view, replaced }) => {
      const undo = () => share.mutate({ view: replaced ?? view, replaced: saved });
      toast.done(t.savedTheViewForEveryone(view.name), {
        action: replaced && { label: t.undo, run: undo },
      });
    },
    onError: (error) => toast.problem(sentence(error)),
    onSettled: () => client.invalidateQueries({ queryKey: sharedViews().queryKey }),
  });
  return share;
}

/** Delete a shared view, and offer to save it again: others may need it. */
function useUnshare() {
  const client = useQueryClient();
  const share = useShare();
  const unshare = useMutation({
    mutationFn: ({ id }: SharedView) => unshareView(id),
    onSuccess: (view) =>
      toast.done(t.deletedTheViewForEveryone(view.name), {
        action: { label: t.undo, run: () => share.mutate({ view }) },
      }),
    onError: (error) => toast.problem(sentence(error)),
    onSettled: () => client.invalidateQueries({ queryKey: sharedViews().queryKey }),
  });
  return (view: SharedView) => unshare.mutate(view);
}
