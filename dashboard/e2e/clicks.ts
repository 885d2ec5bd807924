import type { Page } from "@playwright/test";

/** Count the clicks and the fields that a task takes, from now on until the page is loaded again. */
export async function counting(page: Page) {
  await page.evaluate(() => {
    const done = { clicks: 0, fields: 0 };
    addEventListener("click", (event) => (done.clicks += event.isTrusted ? 1 : 0), true);
    addEventListener(
      "focusin",
      ({ target }) => (done.fields += target instanceof HTMLInputElement ? 1 : 0),
      true,
    );
    Object.assign(window, { done });
  });
  return () => page.evaluate(() => (window as unknown as { done: { clicks: number; fields: number } }).done);
}
