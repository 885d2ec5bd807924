import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { detail } from "@/test/factories";
import { showWithin } from "@/test/screen";
import ActionDialog from "./ActionDialog";

const step = (name: string) => ({ kind: "step", name, kept_at: "2027-01-15T08:00:00Z", value: null });

function api(): unknown[] {
  const sent: unknown[] = [];
  vi.stubGlobal("fetch", (url: string, { method, body }: RequestInit) => {
    if (method === "POST") sent.push(JSON.parse(body as string));
    const from = new URL(url, "http://x").searchParams.get("from");
    const places = ["pay", "ship", "tell"];
    const at = from === null ? 3 : from === "start" ? 0 : places.indexOf(from);
    const plan = {
      kept: places.slice(0, at).map(step),
      older: false,
      anew: places.slice(at),
      events: [],
      places,
    };
    return Promise.resolve(
      new Response(JSON.stringify(url.includes("/retry") && method !== "POST" ? plan : {})),
    );
  });
  return sent;
}

test("a job with steps is retried from one of them, and its plan is shown first", async () => {
  const sent = api();
  showWithin(
    <ActionDialog question={{ kind: "one", action: "retry", job: detail("failed", [], { steps: 3 }) }} />,
  );
  const plan = screen.getByTestId("retry-plan");
  await waitFor(() => expect(plan.textContent).toContain("pay, ship, tell"));
  await userEvent.selectOptions(screen.getByLabelText("Run again from"), "ship");
  await waitFor(() => expect(plan.textContent).toBe("KeptpayRuns anewship, tell"));
  await userEvent.click(screen.getByRole("button", { name: "Retry now" }));
  await waitFor(() => expect(sent).toEqual([{ from: "ship" }]));
});

test("a job without steps has no such choice", () => {
  api();
  showWithin(
    <ActionDialog question={{ kind: "one", action: "retry", job: detail("failed", [], { steps: 0 }) }} />,
  );
  expect(screen.queryByLabelText("Run again from")).toBeNull();
});
