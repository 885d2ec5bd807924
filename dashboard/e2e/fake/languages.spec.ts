import { expectAccessible } from "../axe";
import { expect, test } from "../fixtures";

test.describe("a German browser", () => {
  test.use({ locale: "de-DE" });

  test("gets the jobs and the landing page in German", async ({ page, open }) => {
    await open("/dashboard");
    await expect(page.locator("html")).toHaveAttribute("lang", "de");
    await expect(page.getByRole("button", { name: "Konto und Anzeige: admin" })).toBeVisible();
    await expect(page.getByRole("combobox", { name: "Jobs suchen" })).toBeVisible();
    await expect(page.getByRole("columnheader", { name: "Wartezeit" })).toBeVisible();
    await expect(page.locator("[data-job]").first(), "texts that all pages share").toContainText(/vor \d+ /);
    await expectAccessible(page);
    await open("/");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(/deinem eigenen AWS-Konto/);
    await expectAccessible(page);
  });

  test("can be switched to English, and remembers it", async ({ page, open }) => {
    await open("/queues");
    await page.getByRole("button", { name: /^Konto und Anzeige/ }).click();
    await page.getByRole("menuitemradio", { name: "English" }).click();
    await expect(page.getByText("Each job type has a queue, its own or one that it shares.")).toBeVisible();
    await page.reload();
    await expect(page.getByText("Each job type has a queue, its own or one that it shares.")).toBeVisible();
    await expect(page.locator("html")).toHaveAttribute("lang", "en");
  });
});

test("without the file of its language the console speaks English", async ({ page, open }) => {
  await page.route(/\/de-[^/]*\.js$/, (route) => route.abort());
  await page.addInitScript(() => localStorage.setItem("jobflow.prefs", '{"language":"de"}'));
  await open("/queues");
  await expect(page.getByText("Each job type has a queue, its own or one that it shares.")).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
});
