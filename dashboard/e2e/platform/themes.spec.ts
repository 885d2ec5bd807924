import { expect, test } from "../fixtures";

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
