import { BUSY, expectAccessibleInBothThemes } from "../axe";
import { expect, missing, statusOf, test } from "../fixtures";

const SCREENS = {
  landing: "/",
  dashboard: "/dashboard",
  "no match": "/dashboard?error=nothing-like-this",
  "no such job": "/jobs/00000000-0000-4000-8000-000000000000",
  create: "/create?type=email.send",
  queues: "/queues",
  "a queue": "/queues/image-process",
  errors: "/errors",
};

for (const [name, path] of Object.entries(SCREENS)) {
  test(`axe finds nothing in either theme: ${name}`, async ({ page, open }) => {
    await open(path);
    await expect(page.locator("main").locator("h1, h2").first()).toBeVisible();
    await expect(page.locator(BUSY)).toHaveCount(0);
    await expectAccessibleInBothThemes(page);
  });
}

test("axe finds nothing in either theme: a job, its dialog, the palette, a menu, and the sign-in", async ({
  page,
  open,
  submit,
  tag,
}) => {
  const id = await submit("image.process", missing(tag), { max_attempts: 1, tags: [tag] });
  await open(`/jobs/${id}`);
  await expect(statusOf(page)).toHaveText("Dead letter");
  await expectAccessibleInBothThemes(page);
  await page.keyboard.press("r");
  await expect(page.getByRole("dialog")).toBeVisible();
  await expectAccessibleInBothThemes(page);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("dialog", { name: "Command palette" })).toBeVisible();
  await expectAccessibleInBothThemes(page);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: /^Account/ }).click();
  await expect(page.getByRole("menu")).toBeVisible();
  await expectAccessibleInBothThemes(page);
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await expectAccessibleInBothThemes(page);
});

for (const theme of ["dark", "light"] as const) {
  test(`the ${theme} theme is there from the start, and stays`, async ({ page, open }) => {
    await page.addInitScript(
      (chosen) => localStorage.setItem("jobflow.prefs", JSON.stringify({ theme: chosen })),
      theme,
    );
    await open("/queues");
    await expect(page.locator("html")).toHaveAttribute("data-theme", theme);
    await expect(page.getByRole("article").first()).toBeVisible();
    await expect(page.locator("html")).toHaveAttribute("data-theme", theme);
  });
}
