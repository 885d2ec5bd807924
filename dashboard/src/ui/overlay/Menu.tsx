import { lazy, Suspense, type ReactElement } from "react";
import type { MenuEntry } from "./menuEntries";
import { useOnDemand } from "./useOnDemand";

const load = () => import("./MenuRadix");
const MenuRadix = lazy(load);

/** A menu behind a button. */
export function Menu({ trigger, entries }: { trigger: ReactElement; entries: MenuEntry[] }) {
  const { wanted, closed } = useOnDemand(trigger, "menu", load);
  if (!wanted) return closed;
  return (
    <Suspense fallback={closed}>
      <MenuRadix trigger={trigger} entries={entries} />
    </Suspense>
  );
}
