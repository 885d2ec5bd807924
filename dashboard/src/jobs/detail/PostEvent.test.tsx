import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { detail, T0 } from "@/test/factories";
import { showWithin } from "@/test/screen";
import { JobHeader } from "./JobHeader";

const waiting = (event: string | null) =>
  detail("suspended", [], { startedAt: T0, steps: 1, waitsFor: { event, job: null, until: T0 + 60_000 } });

function posts(): { url: string; body: unknown }[] {
  const sent: { url: string; body: unknown }[] = [];
  vi.stubGlobal("fetch", (url: string, { method, body }: RequestInit) => {
    if (method === "POST") sent.push({ url, body: JSON.parse(body as string) });
    return Promise.resolve(new Response("{}"));
  });
  return sent;
}

const NAMED = { name: /Post the event approved/ };

test("an operator posts the event that the job waits for, with data", async () => {
  const sent = posts();
  showWithin(<JobHeader job={waiting("approved")} canAct />);
  await userEvent.click(screen.getByRole("button", NAMED));
  const data = await screen.findByLabelText("Data (JSON)");
  const now = screen.getByRole("button", { name: "Post it now" });
  await userEvent.type(data, "yes");
  expect(now).toHaveProperty("disabled", true);
  await userEvent.clear(data);
  await userEvent.type(data, "[[1]");
  await userEvent.click(now);
  await waitFor(() => expect(sent).toHaveLength(1));
  expect(sent[0]?.url).toContain("/jobs/j/events/approved");
  expect(sent[0]?.body).toEqual({ data: [1] });
});

test("a viewer, and a job that sleeps, have no such button", () => {
  posts();
  showWithin(<JobHeader job={waiting("approved")} canAct={false} />);
  expect(screen.queryByRole("button", NAMED)).toBeNull();
  showWithin(<JobHeader job={waiting(null)} canAct />);
  expect(screen.queryByRole("button", { name: /Post the event/ })).toBeNull();
});
