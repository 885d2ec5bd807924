import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { shownJob } from "@/api/personal";
import { useStore } from "@/lib/store";
import { useMe } from "@/session/session";
import { Button } from "@/ui/Button";
import { t } from "@/texts/en/base";

/** Offer to show or hide the personal fields of a job, to who may see them; `masked` if some are hidden here. */
export function ShowPersonal({ id, masked }: { id: string; masked: boolean }) {
  const shown = useStore(shownJob) === id;
  if (!masked && !shown) return null;
  return <Toggle id={id} shown={shown} />;
}

function Toggle({ id, shown }: { id: string; shown: boolean }) {
  const client = useQueryClient();
  const { can } = useMe();
  if (!can.seePersonal) return null;
  const toggle = () => {
    shownJob.set(shown ? null : id);
    // hiding forgets the values at once, also if the next request fails
    void (shown ? client.resetQueries(about(id)) : client.invalidateQueries(about(id)));
  };
  return (
    <Button size="sm" tone="ghost" onClick={toggle}>
      {shown ? t.hidePersonal : t.showPersonal}
    </Button>
  );
}

/** Hide the personal fields of a job again, and forget them, when its page is left. */
export function useHiddenOnLeave(id: string | undefined): void {
  const client = useQueryClient();
  useEffect(() => () => hide(client, id), [client, id]);
}

function hide(client: QueryClient, id: string | undefined): void {
  if (id === undefined || shownJob.get() !== id) return;
  shownJob.set(null);
  client.removeQueries(about(id));
}

const about = (id: string) => ({
  predicate: ({ queryKey }: { queryKey: readonly unknown[] }) => queryKey.includes(id),
});
