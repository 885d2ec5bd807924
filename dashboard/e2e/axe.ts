import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

/** What is shown while something is still to come. */
export const BUSY = '[aria-busy="true"], .skeleton';

/** Axe finds nothing on the page as it is, by all its rules and the one on the size of targets, which it leaves out by itself. */
export async function expectAccessible(page: Page, about = "as it is", part = "html"): Promise<void> {
  const builder = new AxeBuilder({ page }).options({
    rules: { "target-size": { enabled: true } },
    resultTypes: ["violations"],
  });
  await settled(page);
  await expectNothing(builder.include(part), about);
}

/** Axe finds nothing in either theme, on the page or in a part of it; the page is left in the light one. */
export async function expectAccessibleInBothThemes(page: Page, part = "html"): Promise<void> {
  await setTheme(page, "dark");
  await expectAccessible(page, "dark", part);
  await setTheme(page, "light");
  await settled(page);
  // The same page in other colours: no other rule looks at them.
  const colours = new AxeBuilder({ page }).withRules(["color-contrast", "link-in-text-block"]);
  await expectNothing(colours.include(part), "light");
}

/** Wait until the page is drawn in the colours that were just chosen: no text has them half. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(async () => {
    for (let frame = 0; frame < 2; frame += 1)
      await new Promise((drawn) => {
        requestAnimationFrame(drawn);
      });
    const fading = document.getAnimations().filter((one) => one instanceof CSSTransition);
    await Promise.allSettled(fading.map((one) => one.finished));
  });
}

function setTheme(page: Page, theme: "dark" | "light"): Promise<unknown> {
  return page.evaluate((chosen) => (document.documentElement.dataset.theme = chosen), theme);
}

async function expectNothing(builder: AxeBuilder, about: string): Promise<void> {
  // There are no frames to gather from, so it need not open a second page to do so.
  const { violations } = await builder.setLegacyMode().analyze();
  const found = violations.map(({ id, help, nodes }) => ({ id, help, where: nodes.map(({ html }) => html) }));
  expect(found, about).toEqual([]);
}
