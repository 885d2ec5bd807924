import { axe } from "../axe";
import { expect, missing, statusOf, test } from "../fixtures";

const SCREENS = {
  landing: "/",
  dashboard: "/dashboard",
  "no match": "/dashboard?error=nothing-like-this",
  "no such job": "/jobs/00000000-0000-4000-8000-000000000000",
  create: "/create?type=email.send",
  queues: "/queues",
  errors: "/errors",
};

for (const theme of ["dark", "light"] as const) {
  test.describe(`axe finds nothing in the ${theme} theme`, () => {
    test.beforeEach(async ({ page }) => {
      await page.addInitScript(
        (chosen) => localStorage.setItem("jobflow.prefs", JSON.stringify({ theme: chosen })),
        theme,
      );
    });

    for (const [name, path] of Object.entries(SCREENS)) {
      test(name, async ({ page, open }) => {
        await open(path);
        await page.waitForLoadState("networkidle");
        await expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
        await expect(page.locator("html")).toHaveAttribute("data-theme", theme);
        expect(await axe(page)).toEqual([]);
      });
    }

    test("a job, its dialog, the palette, a menu, and the sign-in", async ({ page, open, submit, tag }) => {
      const id = await submit("image.process", missing(tag), { max_attempts: 1, tags: [tag] });
      await open(`/jobs/${id}`);
      await expect(statusOf(page)).toHaveText("Dead letter");
      const clean = async () => expect(await axe(page)).toEqual([]);
      await clean();
      await page.keyboard.press("r");
      await expect(page.getByRole("dialog")).toBeVisible();
      await clean();
      await page.keyboard.press("Escape");
      await page.keyboard.press("Control+k");
      await expect(page.getByRole("dialog")).toBeVisible();
      await clean();
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: /^Account/ }).click();
      await expect(page.getByRole("menu")).toBeVisible();
      await clean();
      await page.getByRole("menuitem", { name: "Sign out" }).click();
      await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
      await clean();
    });
  });
}
