import { MADE } from "../../scripts/made";
import { SCREENS, type Find } from "../../scripts/screens";
import { BUSY, expectAccessible, expectAccessibleInBothThemes } from "../axe";
import { expect, test } from "../fixtures";

/** What opens over a screen, or takes its place. */
const OVER =
  '[data-testid="paused"], [data-testid="outcome"], [role="dialog"], [role="menu"], [role="toolbar"], h1:text-is("Sign in")';

for (const [name, screen] of Object.entries(SCREENS)) {
  if (screen.alike) continue;
  test(`${name}: axe finds nothing in either theme, nothing is cut off at 320 px`, async ({
    page,
    open,
    stack,
  }) => {
    stack.reset({ jobs: 300, arrivals: 0 });
    const find: Find = {
      byStatus: async (status) => {
        const headers = { Authorization: `Bearer ${stack.admin}` };
        const answer = await fetch(`${stack.api}/jobs?status=${status}&limit=1`, { headers });
        return ((await answer.json()) as { jobs: { id: string }[] }).jobs[0]?.id ?? "none";
      },
      made: async (which) => (await stack.order({ add: [MADE[which]] })).ids[0] ?? "none",
    };
    const path = await screen.path(find);
    await stack.order(screen.order ?? {});
    await open(path);
    await expect(page.locator("main").locator(`h1, h2, [data-job], ${BUSY}`).first()).toBeVisible();
    if (!screen.order) await expect(page.locator(BUSY)).toHaveCount(0);
    if (screen.then) {
      await screen.then(page);
      await expect(page.locator(OVER).first()).toBeVisible();
    }
    await expectAccessibleInBothThemes(page);
    await page.setViewportSize({ width: 320, height: 640 });
    await expectAccessible(page, "320 px");
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
    await stack.order({ latencyMs: 0, fail: null });
  });
}
