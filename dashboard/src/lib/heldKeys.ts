/** Milliseconds after which held keys are released, even if the page is still loading. */
const MOST_MS = 5000;

const held: KeyboardEvent[] = [];
/** `turn`: the number of times that keys were held. */
const state = { holding: false, turn: 0 };

/** Return true if further keys are to be held. */
function isHeld(): boolean {
  return state.holding;
}

function hold(event: KeyboardEvent): void {
  const { target, ctrlKey, metaKey, altKey, isTrusted } = event;
  if (target !== document.body || ctrlKey || metaKey || altKey || !isTrusted || event.key.length > 1) return;
  event.stopImmediatePropagation();
  held.push(event);
}

/**
 * Keep shortcuts that are pressed while the page loads. The first script calls this function, before there are other
 * listeners. If keys are held already, these are dropped: they were for what was open before, not for what opens now.
 */
export function holdKeys(): void {
  if (state.holding) held.length = 0;
  state.turn++;
  state.holding = true;
  window.addEventListener("keydown", hold, true);
}

/**
 * Press the held keys again once `ready` is true: before that, the elements on which they act are not in the page. If
 * it is still false after `MOST_MS`, press them nevertheless, or drop them. If keys are held anew meanwhile, who holds
 * them releases them.
 */
export function releaseKeys(
  ready: () => boolean,
  late: "press" | "drop" = "press",
  since = performance.now(),
  turn = state.turn,
): void {
  if (turn !== state.turn) return;
  const isReady = ready();
  if (!isReady && performance.now() - since < MOST_MS) {
    requestAnimationFrame(() => releaseKeys(ready, late, since, turn));
    return;
  }
  if (!isReady && late === "drop") held.length = 0;
  window.removeEventListener("keydown", hold, true);
  state.holding = false;
  for (let next = held.shift(); next; next = held.shift()) {
    const { key, code, shiftKey } = next;
    const again = new KeyboardEvent("keydown", { key, code, shiftKey, bubbles: true, cancelable: true });
    const target = document.activeElement ?? document.body;
    // A key event that the script creates types no text. After the key that moves the focus into a field, write the
    // further keys into this field.
    if (target.dispatchEvent(again) && target instanceof HTMLInputElement && target.type === "text") {
      target.setRangeText(key, target.value.length, target.value.length, "end");
      target.dispatchEvent(new Event("input", { bubbles: true }));
    }
    // The key led to another page: the further keys are for it.
    if (isHeld()) return;
  }
}

/**
 * Hold keys until `way` has led to another page and `ready` is true. They are text for a field of that page: if the
 * field does not come, drop them, because they would act as shortcuts.
 */
export async function holdKeysUntil(way: () => Promise<unknown>, ready: () => boolean): Promise<void> {
  holdKeys();
  try {
    await way();
  } catch (error) {
    held.length = 0;
    releaseKeys(() => true);
    throw error;
  }
  releaseKeys(ready, "drop");
}
