import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { renderHook, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, expect, test, vi } from "vitest";
import type { ManyAsk } from "./actions";
import { useCount } from "./useCount";

afterEach(() => vi.unstubAllGlobals());

const STEP = { matched: 100, done: 0, skipped: [], more: true, next_cursor: "next" };
const RUNNING = {
  id: "b", action: "retry", state: "running", expected: null, matched: 50_000, done: 0, skipped: 0, reasons: [],
  per_second: null, filter: null, edit: null, started_by: "ada", started_at: "2026-11-25T00:00:00Z", finished_at: null,
  problem: null,
}; // prettier-ignore

test("the progress of one count is not shown as that of the next", async () => {
  vi.stubGlobal("fetch", (url: string, { body }: RequestInit) => {
    if (url.endsWith("/jobs/bulk")) return Promise.resolve(Response.json(STEP));
    if (typeof body === "string" && body.includes("EUR")) return new Promise(() => undefined);
    return Promise.resolve(Response.json(RUNNING));
  });
  const client = new QueryClient();
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={client}>{children}</QueryClientProvider>
  );
  const asked = (currency: string): ManyAsk => ({
    ...{ kind: "many", action: "retry", scope: "matching" },
    ...{ target: { filter: { status: "failed" } }, edit: { currency } },
  });
  const { result, rerender } = renderHook(useCount, { wrapper, initialProps: asked("USD") });
  await waitFor(() => expect(result.current.soFar).toBe(50_000));
  rerender(asked("EUR"));
  await waitFor(() => expect(result.current.soFar).toBe(2000));
});
