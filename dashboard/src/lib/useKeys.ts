import { useLayoutEffect } from "react";
import { isTyping } from "./text";
import { useLatest } from "./useLatest";

/**
 * Call the listener for every key press, from the moment when the elements on which it acts are in the page. With
 * `first`, it is called before all listeners without `first`.
 */
export function useKeys(press: (event: KeyboardEvent) => void, first = false): void {
  const latest = useLatest(press);
  // A passive effect runs after the paint: on a busy machine, a key that is pressed before it would be lost.
  useLayoutEffect(() => {
    const hear = (event: KeyboardEvent) => latest.current(event);
    document.addEventListener("keydown", hear, { capture: first });
    return () => document.removeEventListener("keydown", hear, { capture: first });
  }, [latest, first]);
}

/**
 * Return true for a key press that is a shortcut: it has no modifier, is not typed into a field or a dialog, and was
 * not handled by another listener (a dialog handles Escape).
 */
export function isShortcut(event: KeyboardEvent): boolean {
  const { metaKey, ctrlKey, altKey, defaultPrevented, target } = event;
  if (metaKey || ctrlKey || altKey || defaultPrevented) return false;
  const ticked = target instanceof HTMLInputElement && target.type === "checkbox";
  return (ticked || !isTyping(target)) && !document.querySelector('[role="dialog"], [role="menu"]');
}
