import { useLayoutEffect } from "react";
import { isTyping } from "./text";
import { useLatest } from "./useLatest";

/** Hear every key press, from the moment that what is acted on is in the page; `first` before all who do not ask for it. */
export function useKeys(press: (event: KeyboardEvent) => void, first = false): void {
  const latest = useLatest(press);
  // A passive effect comes after the paint: on a busy machine a key may well come before it, and be lost.
  useLayoutEffect(() => {
    const hear = (event: KeyboardEvent) => latest.current(event);
    document.addEventListener("keydown", hear, { capture: first });
    return () => document.removeEventListener("keydown", hear, { capture: first });
  }, [latest, first]);
}

/**
 * Return true for a key press that is a shortcut: no modifier, and not typed into a field or a dialog,
 * nor taken by another, as a dialog takes Escape.
 */
export function isShortcut(event: KeyboardEvent): boolean {
  const { metaKey, ctrlKey, altKey, defaultPrevented, target } = event;
  if (metaKey || ctrlKey || altKey || defaultPrevented) return false;
  const ticked = target instanceof HTMLInputElement && target.type === "checkbox";
  return (ticked || !isTyping(target)) && !document.querySelector('[role="dialog"], [role="menu"]');
}
