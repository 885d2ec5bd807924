import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { renderHook, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { BulkRun } from "@/api/jobs/bulkActions";
import { useBulk, useOutcome } from "./watch";

let answers: object[] = [];
let asked = 0;

beforeEach(() => {
  asked = 0;
  vi.useFakeTimers({ shouldAdvanceTime: true });
  vi.stubGlobal("fetch", () => {
    const { status = 200, ...body } = (answers[Math.min(asked++, answers.length - 1)] ?? {}) as {
      status?: number;
    };
    return Promise.resolve(new Response(JSON.stringify(body), { status }));
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function wrapper() {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  return ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={client}>{children}</QueryClientProvider>
  );
}

const run = (finished: string | null) => ({
  id: "b1",
  action: "cancel",
  state: finished ? "done" : "running",
  reasons: [],
  started_at: "2026-11-25T10:00:00Z",
  finished_at: finished,
});
const outcome = (jobs: number) => ({
  changed: jobs,
  looked: jobs,
  jobs: Array.from({ length: jobs }, (_, at) => ({
    id: `j${at}`,
    type: "a.b",
    status: "cancelled",
    error_class: null,
  })),
});

test("the changed jobs are read once more when the action has finished, and the old ones stay until then", async () => {
  answers = [outcome(300), outcome(480)];
  const started = { id: "b1", finishedAt: null } as BulkRun;
  const { result, rerender } = renderHook(useOutcome, { wrapper: wrapper(), initialProps: started });
  await waitFor(() => expect(result.current.found?.cancelled).toHaveLength(300));
  rerender({ ...started, finishedAt: 1 });
  expect(result.current.found?.cancelled).toHaveLength(300);
  await waitFor(() => expect(result.current.found?.cancelled).toHaveLength(480));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked, "nothing is under way").toBe(2);
});

test("a bulk action is watched until it has finished", async () => {
  answers = [run(null), run("2026-11-25T10:01:00Z")];
  const { result } = renderHook(useBulk, { wrapper: wrapper(), initialProps: "b1" });
  await waitFor(() => expect(result.current.data?.finishedAt).toBeNull());
  await vi.advanceTimersByTimeAsync(20_000);
  await waitFor(() => expect(result.current.data?.finishedAt).not.toBeNull());
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toBe(2);
});

test("a bulk action that does not exist is not asked for again", async () => {
  answers = [{ status: 404, title: "No such bulk action." }];
  const { result } = renderHook(useBulk, { wrapper: wrapper(), initialProps: "b2" });
  await waitFor(() => expect(result.current.isError).toBe(true));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toBe(1);
});
