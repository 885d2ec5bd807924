import type { ReactNode } from "react";

/** One entry of a menu. Data, not elements: the code of the menu is loaded when one is opened. */
export type MenuEntry =
  | { kind: "item"; text: ReactNode; icon?: ReactNode; hint?: string; run: () => void }
  | { kind: "check"; text: string; checked: boolean; set: (on: boolean) => void }
  | {
      kind: "radio";
      label: string;
      value: string;
      options: readonly (readonly [string, string])[];
      set: (next: string) => void;
    }
  | { kind: "label"; text: string }
  | { kind: "text"; text: ReactNode }
  | { kind: "line" };

/** A choice of one; `set` gets the value that was chosen, of the type of the values. */
export function radio<T extends string>(
  label: string,
  value: T,
  options: readonly (readonly [T, string])[],
  set: (next: T) => void,
): MenuEntry {
  return { kind: "radio", label, value, options, set: (next) => set(next as T) };
}
