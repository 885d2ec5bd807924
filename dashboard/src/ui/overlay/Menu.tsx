import type { ReactElement } from "react";
import { onDemand } from "@/lib/onDemand";
import type { MenuEntry } from "./menuEntries";
import { useOnDemand } from "./useOnDemand";

const MenuRadix = onDemand(() => import("./MenuRadix"));

/** A menu behind a button. */
export function Menu({ trigger, entries }: { trigger: ReactElement; entries: MenuEntry[] }) {
  const { wanted, closed } = useOnDemand(trigger, "menu", MenuRadix.load);
  return wanted ? <MenuRadix trigger={trigger} entries={entries} fallback={closed} /> : closed;
}
