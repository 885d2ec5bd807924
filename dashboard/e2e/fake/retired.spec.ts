import { expect, test } from "../fixtures";

test("a retired type is shown as retired and is not offered to create", async ({ page, open, stack }) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  await stack.order({ retire: ["image.process"] });
  await open("/create");
  const types = page.getByRole("group", { name: "Type" });
  await expect(types.getByText("email.send")).toBeVisible();
  await expect(types.getByText("image.process")).toHaveCount(0);

  await open("/queues/image-process");
  await expect(page.getByTestId("retired")).toContainText("Retired.");
  await expect(page.getByRole("main").getByRole("link", { name: "Create" })).toHaveCount(0);
  await open("/create?type=image.process");
  await expect(page.getByRole("heading", { name: "This job type is retired" })).toBeVisible();
});

test("a failed job of a retired type can still be edited and retried", async ({ page, open, stack }) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  const { ids } = await stack.order({
    add: [
      { type: "image.process", payload: { key: "a" }, more: { status: "failed", finishedAt: Date.now() } },
    ],
    retire: ["image.process"],
  });
  await open(`/create?edit=${ids[0] ?? ""}`);
  await expect(page.getByRole("heading", { name: /^Edit and retry/ })).toBeVisible();
});
