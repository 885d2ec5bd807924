import { afterEach, expect, test, vi } from "vitest";
import { holdKeys, holdKeysUntil, releaseKeys } from "./heldKeys";

afterEach(() => vi.useRealTimers());

/** A key press that looks like a real one: happy-dom sets `isTrusted` to false. */
function press(target: EventTarget, key: string, more: KeyboardEventInit = {}): void {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more });
  Object.defineProperty(event, "isTrusted", { value: true });
  target.dispatchEvent(event);
}

test("shortcuts pressed while the page loads are pressed again once it is ready; typing and chords are not held", async () => {
  const heard: string[] = [];
  holdKeys();
  document.addEventListener("keydown", (event) => heard.push(event.key));
  const field = document.body.appendChild(document.createElement("input"));
  press(document.body, "j");
  press(field, "a");
  press(document.body, "k", { ctrlKey: true });
  press(document.body, "J", { shiftKey: true });
  expect(heard).toEqual(["a", "k"]);
  const page = { ready: false };
  releaseKeys(() => page.ready);
  expect(heard).toEqual(["a", "k"]);
  page.ready = true;
  await expect.poll(() => heard).toEqual(["a", "k", "j", "J"]);
  press(document.body, "x");
  expect(heard.at(-1)).toBe("x");
});

test("what was typed behind a key that leads into a field is in the field", async () => {
  holdKeys();
  const field = document.body.appendChild(document.createElement("input"));
  const inputs: string[] = [];
  field.addEventListener("input", () => inputs.push(field.value));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target === field) return;
    event.preventDefault();
    field.focus();
  });
  for (const key of ["/", "t", "a"]) press(document.body, key);
  releaseKeys(() => true);
  await expect.poll(() => field.value).toBe("ta");
  expect(inputs).toEqual(["t", "ta"]);
});

test.each([
  ["the way to it fails", () => Promise.reject(new Error("no page"))],
  ["it never comes", () => Promise.resolve()],
])("text that is typed for a field does not act as shortcuts if %s; later keys do act", async (_, way) => {
  vi.useFakeTimers();
  const heard: string[] = [];
  document.addEventListener("keydown", (event) => heard.push(event.key));
  const ended = holdKeysUntil(way, () => false).catch(() => undefined);
  for (const key of ["w", "n"]) press(document.body, key);
  await ended;
  await vi.advanceTimersByTimeAsync(60_000);
  press(document.body, "x");
  expect(heard).toEqual(["x"]);
});

test("keys that are held anew wait for their own place, also if the page is ready earlier", async () => {
  const heard: string[] = [];
  document.addEventListener("keydown", (event) => heard.push(event.key));
  const page = { ready: false };
  const place = { ready: false };
  holdKeys();
  releaseKeys(() => page.ready);
  press(document.body, "j");
  await holdKeysUntil(
    () => Promise.resolve(),
    () => place.ready,
  );
  press(document.body, "x");
  page.ready = true;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(heard).toEqual([]);
  place.ready = true;
  await expect.poll(() => heard).toEqual(["x"]);
});
