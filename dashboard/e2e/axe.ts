import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

/** What axe finds on the page as it is, by all its rules and the one on the size of targets, which it leaves out by itself. */
export async function axe(page: Page): Promise<{ id: string; help: string; where: string[] }[]> {
  const { violations } = await new AxeBuilder({ page })
    .options({ rules: { "target-size": { enabled: true } }, resultTypes: ["violations"] })
    // There are no frames to gather from: it need not open a second page to do so.
    .setLegacyMode()
    .analyze();
  return violations.map(({ id, help, nodes }) => ({ id, help, where: nodes.map(({ html }) => html) }));
}

/** Axe finds nothing on the page in either theme; it is left in the light one. */
export async function expectAccessible(page: Page): Promise<void> {
  for (const theme of ["dark", "light"]) {
    await page.evaluate((chosen) => (document.documentElement.dataset.theme = chosen), theme);
    expect(await axe(page), theme).toEqual([]);
  }
}

/** What is shown while something is still to come. */
export const BUSY = '[aria-busy="true"], .skeleton';
