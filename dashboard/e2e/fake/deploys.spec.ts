import { expectAccessibleInBothThemes } from "../axe";
import { expect, test } from "../fixtures";

const MINUTE = 60_000;

const broken = (n: number, at: number, file: string) => ({
  type: "email.send",
  payload: { to: ["ada@example.com"], subject: `Number ${n}`, text: "Hi" },
  more: {
    status: "failed",
    attempts: 1,
    errorClass: "MailboxGone",
    errorMessage: `The mailbox ${n} is gone.`,
    createdAt: at,
    finishedAt: at,
    history: [
      {
        gen: 1,
        attempt: 1,
        claim: 1,
        outcome: "permanent_error",
        started_at: new Date(at - 1000).toISOString(),
        finished_at: new Date(at).toISOString(),
        duration_ms: 1000,
        error_class: "MailboxGone",
        error_message: `The mailbox ${n} is gone.`,
        stack: `Traceback (most recent call last):\n  File "${file}", line 3, in run\n    send()\nMailboxGone: ${n}`,
        request_id: null,
        cold_start: null,
        receive_count: 1,
        retry_delay_s: null,
      },
    ],
  },
});

test("a deployment is a flag in the charts, named in their legend and at the pointer", async ({
  page,
  open,
  stack,
}) => {
  stack.reset({ jobs: 300, arrivals: 0 });
  await open("/queues/email-send?span=1h");
  const note = page.getByRole("region", { name: "Unfinished jobs" }).getByTestId("deploys");
  await expect(note).toHaveText(/^1 deploy: v0\.4\.1-2-g3c1f9ab, \d\d:\d\d/);
  const chart = page.getByRole("region", { name: "In and out" });
  const plot = chart.locator(".u-over");
  const box = await plot.boundingBox();
  if (!box) throw new Error("no plot");
  // 25 minutes ago, of 60 that are shown.
  const tip = chart.getByTestId("chart-tip");
  await expect(async () => {
    for (const off of [0, -0.012, 0.012]) {
      await plot.hover({ position: { x: box.width * (35 / 60 + off), y: 20 } });
      if ((await tip.textContent())?.includes("Deployed v0.4.1")) return;
    }
    throw new Error("no flag at the pointer");
  }).toPass();
  await page.getByRole("button", { name: "6 h" }).click();
  await expect(note).toContainText("2 deploys");
});

test("a heatmap shows how many runs of a type had which length, and a click shows the jobs of that time", async ({
  page,
  open,
  stack,
}) => {
  stack.reset({ jobs: 300, arrivals: 0 });
  await open("/queues/email-send?span=6h");
  const heat = page.getByRole("region", { name: "Distribution of run times" });
  await expect(heat).toContainText(/1 job\s*\d+/);
  await expect(heat).toContainText(/\d+ (ms|s) to [\d.]+ (ms|s)/);
  const painted = await heat.locator("canvas").evaluate((canvas: HTMLCanvasElement) => {
    const { data } = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] };
    const blue = getComputedStyle(document.documentElement).getPropertyValue("--blue").trim();
    const wanted = [1, 3, 5].map((at) => parseInt(blue.slice(at, at + 2), 16));
    let cells = 0;
    for (let at = 0; at < data.length; at += 4)
      if (wanted.every((value, n) => Math.abs(value - (data[at + n] ?? 0)) < 12)) cells++;
    return cells;
  });
  expect(painted, "pixels of cells").toBeGreaterThan(100);
  await heat.locator(".u-over").hover();
  await expect(heat.getByTestId("chart-tip")).toContainText(/No runs|to/);
  await expectAccessibleInBothThemes(page);
  await heat.locator(".u-over").click();
  await expect(page).toHaveURL(/\/dashboard\?type=email\.send&from=\d+&to=\d+/);
});

test("an error that began after a deployment names it, and two of its jobs are compared", async ({
  page,
  open,
  stack,
}) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  const now = Date.now();
  await stack.order({
    add: [
      broken(1, now - 13 * MINUTE, "a.py"),
      broken(2, now - 9 * MINUTE, "a.py"),
      broken(3, now - 5 * MINUTE, "b.py"),
    ],
  });
  await open("/errors");
  const group = page.locator("main li").filter({ hasText: "MailboxGone" });
  await expect(group.getByTestId("since-deploy")).toHaveText(
    "since deploy v0.4.1-2-g3c1f9ab, 12 min after it",
  );
  await group.getByRole("button", { name: "Compare stacks" }).click();
  const dialog = page.getByRole("dialog", { name: "The error in two jobs" });
  await expect(dialog.getByTestId("same-stack")).toHaveText("They failed at different places.");
  const other = dialog.getByLabel("The other job");
  const names = await other.locator("option").allTextContents();
  expect(names).toHaveLength(3);
  await dialog.getByLabel("One job").selectOption(names[2] ?? "");
  await other.selectOption(names[1] ?? "");
  await expect(dialog.getByTestId("same-stack")).toHaveText("Both failed at the same place.");
  await expectAccessibleInBothThemes(page);
  await page.keyboard.press("Escape");
  await group.getByRole("button", { name: "Count and retry…" }).click();
  await expect(page.getByRole("dialog")).toContainText("3 jobs");
});
