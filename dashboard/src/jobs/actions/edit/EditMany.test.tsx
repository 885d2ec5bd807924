import { act, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import type { Job } from "@/api/jobs/jobs";
import { job } from "@/test/factories";
import { showWithin } from "@/test/screen";
import ActionDialog from "../ActionDialog";
import type { Scope } from "../actions";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const failed = (id: string, payload: Job["payload"]) => job(id, { status: "failed", payload });
const attempt = {
  attempt_history: [], older_attempts: false, actions: [], why: null, waits_for: null, steps: 0, result: null,
  progress: null, tags: [], cancel_requested: false, discarded: null,
}; // prettier-ignore

interface Stage {
  /** The payloads that GET /jobs/{id} answers. */
  payloads?: Record<string, object>;
  scope?: Scope;
}

/** Ask for another value of a field of these jobs; return the fields that were checked with all jobs. */
function editing(jobs: Job[], { payloads = {}, scope = "selected" }: Stage = {}): object[] {
  const edits: object[] = [];
  vi.stubGlobal("fetch", (url: string, { method, body }: RequestInit) => {
    if (method === "POST") {
      edits.push((JSON.parse(body as string) as { edit: object }).edit);
      const tally = { matched: jobs.length, done: 0, skipped: [], more: false, next_cursor: null };
      return Promise.resolve(Response.json(tally));
    }
    const id = new URL(url, "http://x").pathname.split("/").at(-1) ?? "";
    const payload = payloads[id];
    return Promise.resolve(
      payload ? Response.json({ ...attempt, id, payload }) : new Response("{}", { status: 404 }),
    );
  });
  const target = { ids: jobs.map(({ id }) => id) };
  showWithin(<ActionDialog question={{ kind: "edit", jobs, target, scope }} />);
  return edits;
}

const field = () => screen.findByLabelText<HTMLSelectElement>("Field");

test("payloads that the list does not contain are loaded, so that their fields can be chosen", async () => {
  editing([failed("a", null), failed("b", null)], {
    payloads: { a: { currency: "USD" }, b: { currency: "USD" } },
  });
  await screen.findByRole("option", { name: 'currency: "USD" (2)' });
});

test("where no payload can be read, the dialog says so", async () => {
  editing([failed("a", null), failed("b", null)]);
  await screen.findByText(/^No field was found .* 2 payloads are not in the list/);
});

test("a text field can get the empty text, and nothing is checked before it is asked for", async () => {
  const edits = editing([failed("a", { note: "x" })]);
  const user = userEvent.setup();
  await user.selectOptions(await field(), "note");
  const retry = screen.getByRole("button", { name: /^Retry/ });
  expect(retry.getAttribute("aria-describedby"), "nothing describes it yet").toBeNull();
  expect(screen.queryByTestId("edit-preview")).toBeNull();
  await user.click(screen.getByRole("checkbox", { name: "Set it to the empty text" }));
  await waitFor(() => expect(edits).toEqual([{ note: "" }]));
  expect((await screen.findByTestId("edit-preview")).tabIndex, "it scrolls, also by keyboard").toBe(0);
  await waitFor(() => expect(retry.getAttribute("aria-describedby")).toBe(screen.getByTestId("preview").id));
});

test("all matching jobs are counted only after a pause in typing, because the platform may count them", async () => {
  const edits = editing([failed("a", { note: "x" })], { scope: "matching" });
  vi.useFakeTimers({ shouldAdvanceTime: true });
  const user = userEvent.setup({ advanceTimers: (ms) => vi.advanceTimersByTime(ms) });
  await user.selectOptions(await field(), "note");
  await user.type(screen.getByLabelText("New value"), "a");
  await act(() => vi.advanceTimersByTimeAsync(500));
  expect(edits).toEqual([]);
  await act(() => vi.advanceTimersByTimeAsync(1500));
  await waitFor(() => expect(edits).toEqual([{ note: "a" }]));
});
