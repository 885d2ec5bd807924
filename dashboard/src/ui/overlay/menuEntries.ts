import type { ReactNode } from "react";

/** One entry of a menu. It is data and not an element, because the code of the menu is loaded when a menu is opened. */
export type MenuEntry =
  | { kind: "item"; text: ReactNode; icon?: ReactNode; hint?: string; run: () => void }
  | ({ kind: "check" } & Check)
  /** Several choices in two columns, so that the menu stays short. */
  | { kind: "checks"; label: string; options: readonly Check[] }
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

export interface Check {
  text: string;
  /** What else is to know of it, in a few words. */
  hint?: string | undefined;
  checked: boolean;
  set: (on: boolean) => void;
}

/** A choice of one value; `set` gets the chosen value, which has the type of the values. */
export function radio<T extends string>(
  label: string,
  value: T,
  options: readonly (readonly [T, string])[],
  set: (next: T) => void,
): MenuEntry {
  return { kind: "radio", label, value, options, set: (next) => set(next as T) };
}
