/** Milliseconds after which held keys are released, even if the page is still loading. */
const MOST_MS = 5000;

const held: KeyboardEvent[] = [];

function hold(event: KeyboardEvent): void {
  const { target, ctrlKey, metaKey, altKey, isTrusted } = event;
  if (target !== document.body || ctrlKey || metaKey || altKey || !isTrusted || event.key.length > 1) return;
  event.stopImmediatePropagation();
  held.push(event);
}

/**
 * Keep shortcuts that are pressed while the page loads. The first script calls this function, before there are other
 * listeners.
 */
export function holdKeys(): void {
  window.addEventListener("keydown", hold, true);
}

/** Press the held keys again once `ready` is true: before that, the elements on which they act are not in the page. */
export function releaseKeys(ready: () => boolean, since = performance.now()): void {
  if (!ready() && performance.now() - since < MOST_MS) {
    requestAnimationFrame(() => releaseKeys(ready, since));
    return;
  }
  window.removeEventListener("keydown", hold, true);
  for (const { key, code, shiftKey } of held.splice(0)) {
    const again = new KeyboardEvent("keydown", { key, code, shiftKey, bubbles: true, cancelable: true });
    const target = document.activeElement ?? document.body;
    // A key event that the script creates types no text. After the key that moves the focus into a field, write the
    // further keys into this field.
    if (target.dispatchEvent(again) && target instanceof HTMLInputElement && target.type === "text") {
      target.setRangeText(key, target.value.length, target.value.length, "end");
      target.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }
}
