import { expectAccessibleInBothThemes } from "../../axe";
import { expect, test } from "../../fixtures";

const T0 = Date.now() - 600_000;
const attempt = (gen: number, n: number, at: number, file: string) => ({
  gen,
  attempt: n,
  claim: n,
  outcome: "error",
  started_at: new Date(T0 + at).toISOString(),
  finished_at: new Date(T0 + at + 1500).toISOString(),
  duration_ms: 1500,
  error_class: "Oops",
  error_message: `No answer in ${n} s.`,
  stack: `Traceback (most recent call last):\n  File "${file}", line 3, in run\n    send()\nOops: ${n}`,
  request_id: null,
  cold_start: null,
  receive_count: n,
  retry_delay_s: 2,
});
const twice = {
  type: "email.send",
  payload: { to: ["ada@example.com"], subject: "Hi", text: "Hi" },
  more: {
    status: "failed",
    gen: 2,
    attempts: 1,
    createdAt: T0,
    finishedAt: T0 + 301_500,
    errorClass: "Oops",
    errorMessage: "No answer.",
    history: [attempt(1, 1, 2000, "a.py"), attempt(1, 2, 8000, "a.py"), attempt(2, 1, 300_000, "b.py")],
    logs: [
      {
        at: new Date(T0 + 2500).toISOString(),
        level: "INFO",
        message: "sent",
        gen: 1,
        attempt: 1,
        fields: {},
      },
    ],
  },
};

test("a job's page has one waterfall over all runs, and compares two attempts", async ({
  page,
  open,
  stack,
}) => {
  stack.reset({ jobs: 20, arrivals: 0 });
  const { ids } = await stack.order({ add: [twice] });
  await open(`/jobs/${ids[0] ?? ""}`);
  const rows = page.getByRole("list", { name: "All runs" }).getByRole("listitem");
  await expect(rows).toHaveCount(5);
  await expect(rows.first()).toContainText(/^First run · Waited/);
  await expect(rows.last()).toContainText(/^Retry 1 · Attempt 1/);
  await page.getByRole("button", { name: "Compare" }).click();
  const dialog = page.getByRole("dialog", { name: "Compare attempts" });
  await expect(dialog.getByTestId("same-stack")).toHaveText("They failed at different places.");
  await dialog.getByLabel("The other attempt").selectOption({ label: "First run · Attempt 1" });
  await expect(dialog.getByTestId("same-stack")).toHaveText("Both failed at the same place.");
  await expectAccessibleInBothThemes(page);
});
