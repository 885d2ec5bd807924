/** Milliseconds after which held keys are released, whatever the page still loads. */
const MOST_MS = 5000;

const held: KeyboardEvent[] = [];

function hold(event: KeyboardEvent): void {
  const { target, ctrlKey, metaKey, altKey, isTrusted } = event;
  if (target !== document.body || ctrlKey || metaKey || altKey || !isTrusted || event.key.length > 1) return;
  event.stopImmediatePropagation();
  held.push(event);
}

/** Keep shortcuts that are pressed while the page loads. Called by the first script, before anything listens. */
export function holdKeys(): void {
  window.addEventListener("keydown", hold, true);
}

/** Press the held keys again once `ready` is true: until then nothing that they act on is in the page. */
export function releaseKeys(ready: () => boolean, since = performance.now()): void {
  if (!ready() && performance.now() - since < MOST_MS) {
    requestAnimationFrame(() => releaseKeys(ready, since));
    return;
  }
  window.removeEventListener("keydown", hold, true);
  for (const { key, code, shiftKey } of held.splice(0)) {
    const again = new KeyboardEvent("keydown", { key, code, shiftKey, bubbles: true, cancelable: true });
    const target = document.activeElement ?? document.body;
    // A key that is pressed again types nothing: what follows the one that leads into a field is written into it.
    if (target.dispatchEvent(again) && target instanceof HTMLInputElement && target.type === "text") {
      target.setRangeText(key, target.value.length, target.value.length, "end");
      target.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }
}
