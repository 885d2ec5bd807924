import { act, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import { StatusChip } from "@/jobs/StatusChip";
import { useStore } from "@/lib/store";
import { showWithin } from "@/test/screen";
import ActionDialog from "./ActionDialog";
import { ask, asking } from "./actions";

const job = { id: "0123abcd-0000", type: "email.send", status: "failed", maxAttempts: 3, steps: 0 } as const;

/** A job, and the question about it while there is one. */
function Page() {
  const question = useStore(asking);
  return (
    <>
      <StatusChip status={job.status} id={job.id} />
      {question && <ActionDialog question={question} />}
    </>
  );
}

afterEach(() => {
  asking.set(null);
  vi.unstubAllGlobals();
});

/** Confirm a retry; return what lets the API answer it. */
async function retrying(): Promise<(answer: Response) => void> {
  let answer: (answer: Response) => void = () => undefined;
  vi.stubGlobal("fetch", () => new Promise<Response>((resolve) => (answer = resolve)));
  showWithin(<Page />);
  act(() => ask({ kind: "one", action: "retry", job }));
  await userEvent.click(await screen.findByRole("button", { name: "Retry now" }));
  await screen.findByText("Re-queuing…");
  return (told) => answer(told);
}

test("a change is shown before the API has answered, and no second one is asked for meanwhile", async () => {
  const answer = await retrying();
  expect(screen.queryByRole("dialog")).toBeNull();
  act(() => ask({ kind: "one", action: "retry", job }));
  expect(screen.queryByRole("dialog")).toBeNull();
  answer(Response.json({}));
  await waitFor(() => expect(screen.queryByText("Re-queuing…")).toBeNull());
});

test("if the API refuses the change, the job is shown as it was", async () => {
  const answer = await retrying();
  const problem = { title: "Conflict", status: 409, detail: "The job runs again already." };
  answer(Response.json(problem, { status: 409, headers: { "Content-Type": "application/problem+json" } }));
  await screen.findByText("Failed");
});

test("Enter in the field of the reason confirms", async () => {
  const asked: string[] = [];
  vi.stubGlobal("fetch", (_: string, { method = "GET", body }: RequestInit = {}) => {
    if (method !== "GET") asked.push(body as string);
    return Promise.resolve(Response.json({}));
  });
  showWithin(<Page />);
  act(() => ask({ kind: "one", action: "cancel", job: { ...job, status: "queued" } }));
  await userEvent.type(await screen.findByRole("textbox", { name: "Reason" }), "Wrong customer{Enter}");
  await waitFor(() => expect(asked).toEqual(['{"reason":"Wrong customer"}']));
  expect(screen.queryByRole("dialog")).toBeNull();
});

test.each([
  ["retry", "Retry now", "retry"],
  ["cancel", "Cancel now", "cancel"],
  ["run", "Run now", "run-now"],
  ["discard", "Discard now", "discard"],
] as const)("the reason of a %s goes to the API", async (action, name, path) => {
  const asked: [string, string][] = [];
  vi.stubGlobal("fetch", (url: string, { method = "GET", body }: RequestInit = {}) => {
    if (method !== "GET") asked.push([url.split("/").at(-1) ?? "", body as string]);
    return Promise.resolve(Response.json({}));
  });
  showWithin(<Page />);
  act(() => ask({ kind: "one", action, job }));
  await userEvent.type(await screen.findByRole("textbox", { name: "Reason" }), "Wrong customer");
  await userEvent.click(screen.getByRole("button", { name }));
  await waitFor(() => expect(asked).toEqual([[path, '{"reason":"Wrong customer"}']]));
});
