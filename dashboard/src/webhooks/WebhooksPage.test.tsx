import { act, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { afterEach, expect, test, vi } from "vitest";
import type { NewSecret, Webhook } from "@/api/queues/webhooks";
import { signIn, signOut } from "@/session/session";
import { showWithin } from "@/test/screen";
import { t } from "@/texts/en/webhooks";
import { toast } from "@/ui/overlay/toast";
import { Deliveries } from "./Deliveries";
import { Secret } from "./Secret";
import { WebhookCard } from "./WebhookCard";

afterEach(() => {
  vi.useRealTimers();
  signOut();
  vi.unstubAllGlobals();
});

const SECRET = "whsec_c2VjcmV0";
const BILLING: Webhook = {
  ...{ name: "billing", url: "https://hooks.example.com/", types: [], tags: [], statuses: ["failed"] },
  ...{
    createdBy: "ada",
    rotatedAt: 0,
    failures: 0,
    pausedUntil: null,
    disabledAt: null,
    disabledBecause: null,
  },
};
const DELIVERY = {
  ...{
    id: "f32fd87c-36b1-5e4d-8085-c08500bfbb32",
    webhook_id: "f32fd87c",
    job_id: "cb1c7f8e-d2e3-5e6f",
    batch: null,
  },
  ...{ ended: "failed", state: "failed", attempts: 3, created_at: "2026-11-29T00:00:00Z", finished_at: null },
  ...{ next_attempt_at: null, status: null, answer: "HTTP 500: <b>down</b>" },
};

/** Let the API answer as to a token with that role; return the requests that change something. */
function playing(role: string): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", (url: string, { method = "GET" }: RequestInit = {}) => {
    if (method !== "GET") asked.push(`${method} ${url}`);
    const answer = url.includes("/deliveries?")
      ? { deliveries: [DELIVERY], next_cursor: null }
      : method === "POST"
        ? { name: "billing", secret: SECRET }
        : { role, label: "ada" };
    return Promise.resolve(new Response(JSON.stringify(answer)));
  });
  signIn("a token");
  return asked;
}

function Card({ webhook }: { webhook: Webhook }) {
  const [secret, setSecret] = useState<NewSecret | null>(null);
  return (
    <>
      {secret && <Secret secret={secret} onClose={() => setSecret(null)} />}
      <WebhookCard webhook={webhook} onSecret={setSecret} />
    </>
  );
}

test("an administrator rotates a secret, which is shown until it is closed", async () => {
  const asked = playing("admin");
  showWithin(<Card webhook={BILLING} />);
  const user = userEvent.setup();
  const name = "Rotate the secret of billing";
  await user.click(await screen.findByRole("button", { name }));
  const dialog = await screen.findByRole("dialog", { name });
  await user.click(dialog.querySelector("button") ?? dialog);
  await screen.findByText(SECRET);
  expect(asked.at(-1)).toMatch(/^POST .*\/webhooks\/billing\/rotate$/);
  await user.click(screen.getByRole("button", { name: "Close" }));
  expect(screen.queryByText(SECRET)).toBeNull();
});

test("a viewer sees why a webhook is disabled, and nothing to change", async () => {
  playing("viewer");
  showWithin(<Card webhook={{ ...BILLING, disabledAt: 1, disabledBecause: "410" }} />);
  await screen.findByText("Disabled: 410");
  expect(screen.queryByRole("button")).toBeNull();
});

test("an administrator ends the pause of a receiver that was mended", async () => {
  const asked = playing("admin");
  showWithin(
    <WebhookCard
      webhook={{ ...BILLING, failures: 4, pausedUntil: Date.now() + 60_000 }}
      onSecret={vi.fn()}
    />,
  );
  await userEvent.setup().click(await screen.findByRole("button", { name: "End the pause of billing" }));
  await waitFor(() => expect(asked.at(-1)).toMatch(/^POST .*\/webhooks\/billing\/enable$/));
});

test("enabling a webhook is told as such, although a poll shows the new state before the answer", async () => {
  playing("admin");
  const done = vi.spyOn(toast, "done");
  const disabled = { ...BILLING, disabledAt: 1, disabledBecause: "410" };
  const Polled = () => {
    const [webhook, setWebhook] = useState<Webhook>(disabled);
    return (
      <>
        <button onClick={() => setWebhook(BILLING)}>poll</button>
        <WebhookCard webhook={webhook} onSecret={vi.fn()} />
      </>
    );
  };
  showWithin(<Polled />);
  const user = userEvent.setup();
  const button = await screen.findByRole("button", { name: "Enable billing" });
  let answer: (with_: Response) => void = () => undefined;
  vi.stubGlobal("fetch", () => new Promise((told) => (answer = told)));
  await user.click(button);
  await user.click(screen.getByRole("button", { name: "poll" }));
  answer(Response.json({}));
  await waitFor(() => expect(done).toHaveBeenCalledWith(t.enabledDone("billing")));
});

test("deliveries behind empty pages of the API are found, and older ones are loaded", async () => {
  playing("viewer");
  const row = (id: string) => ({ ...DELIVERY, id, answer: id });
  const pages: Record<string, { deliveries: object[]; next_cursor: string | null }> = {
    first: { deliveries: [], next_cursor: "second" },
    second: { deliveries: [row("newest")], next_cursor: "third" },
    third: { deliveries: [row("oldest")], next_cursor: null },
  };
  vi.stubGlobal("fetch", (url: string) => {
    const page = pages[new URL(url, "http://x").searchParams.get("cursor") ?? "first"];
    return Promise.resolve(new Response(JSON.stringify(page)));
  });
  showWithin(<Deliveries name="billing" />);
  await screen.findByText("newest");
  await userEvent.setup().click(screen.getByRole("button", { name: "Older deliveries" }));
  await screen.findByText("oldest");
  expect(screen.queryByRole("button", { name: "Older deliveries" })).toBeNull();
});

test("an operator sends a failed delivery again, whose answer is shown as text", async () => {
  const asked = playing("operator");
  showWithin(<Deliveries name="billing" />);
  await screen.findByText("HTTP 500: <b>down</b>");
  await userEvent.setup().click(await screen.findByRole("button", { name: "Send delivery f32fd87c again" }));
  await waitFor(() => expect(asked.at(-1)).toMatch(/^POST .*\/deliveries\/f32fd87c-[0-9a-f-]+\/send-again$/));
});

test("a list of deliveries is polled while one page of it is loaded, and says when it is not", async () => {
  playing("viewer");
  const asked: string[] = [];
  const pages: Record<string, object> = {
    newest: { deliveries: [{ ...DELIVERY, answer: "newest" }], next_cursor: "older" },
    older: { deliveries: [{ ...DELIVERY, id: "older", answer: "older" }], next_cursor: null },
  };
  vi.stubGlobal("fetch", (url: string) => {
    const page = new URL(url, "http://x").searchParams.get("cursor") ?? "newest";
    if (url.includes("/deliveries")) asked.push(page);
    return Promise.resolve(new Response(JSON.stringify(pages[page])));
  });
  vi.useFakeTimers({ shouldAdvanceTime: true });
  const user = userEvent.setup({ advanceTimers: (ms) => vi.advanceTimersByTime(ms) });
  showWithin(<Deliveries name="billing" />);
  await screen.findByText("newest");
  await user.click(screen.getByRole("button", { name: "Older deliveries" }));
  await screen.findByText("older");
  const before = asked.length;
  await act(() => vi.advanceTimersByTimeAsync(120_000));
  expect(asked.slice(before)).toEqual([]);
  expect(screen.getByText("Not updated while older ones are shown.")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Show only the newest" }));
  await act(() => vi.advanceTimersByTimeAsync(120_000));
  expect(screen.queryByText("older")).toBeNull();
  expect(asked.length).toBeGreaterThan(before + 1);
  expect(new Set(asked.slice(before))).toEqual(new Set(["newest"]));
});

test("a webhook without new deliveries is asked for rarely, because each answer needs several requests", async () => {
  playing("viewer");
  let asked = 0;
  vi.stubGlobal("fetch", (url: string) => {
    if (url.includes("/deliveries")) asked++;
    return Promise.resolve(new Response(JSON.stringify({ deliveries: [], next_cursor: "more" })));
  });
  vi.useFakeTimers({ shouldAdvanceTime: true });
  showWithin(<Deliveries name="quiet" />);
  await screen.findByText("None among the newest deliveries of all webhooks");
  const first = asked;
  await act(() => vi.advanceTimersByTimeAsync(25_000));
  expect(asked).toBe(first);
});

test("older deliveries that could not be loaded are asked for again", async () => {
  playing("viewer");
  let down = true;
  vi.stubGlobal("fetch", (url: string) => {
    const older = url.includes("cursor=");
    if (older && down) return Promise.resolve(new Response("{}", { status: 503 }));
    const page = { deliveries: [{ ...DELIVERY, id: older ? "o" : "n", answer: older ? "older" : "newest" }] };
    return Promise.resolve(new Response(JSON.stringify({ ...page, next_cursor: older ? null : "older" })));
  });
  showWithin(<Deliveries name="billing" />);
  await screen.findByText("newest");
  const user = userEvent.setup();
  await user.click(screen.getByRole("button", { name: "Older deliveries" }));
  const again = await screen.findByRole("button", { name: "Couldn't load more. Retry" });
  down = false;
  await user.click(again);
  await screen.findByText("older");
});
