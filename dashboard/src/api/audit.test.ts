import { QueryClient } from "@tanstack/react-query";
import { afterEach, expect, test, vi } from "vitest";
import { changePages } from "./audit";

afterEach(() => vi.unstubAllGlobals());

test("a page is looked for behind pages without rows, and every page has the start of the first one", async () => {
  const asked: URLSearchParams[] = [];
  const entry = { id: "a", at: "2026-11-30T06:00:00Z", action: "job.retry", kind: "job" };
  vi.stubGlobal("fetch", (url: string) => {
    asked.push(new URL(url, "https://x.example").searchParams);
    const place = asked.length;
    const entries = place === 2 ? [] : [entry];
    return Promise.resolve(
      Response.json({ entries, next_cursor: place < 3 ? `after ${place}` : null, looked: 1 }),
    );
  });
  let now = 0;
  const pages = changePages({ action: "job.retry" }, "24h", () => `from ${(now += 1)}`);
  const found = await new QueryClient().infiniteQuery({ ...pages, pages: 2 });
  expect(found.pages.map((page) => page.rows.length)).toEqual([1, 1]);
  expect(asked.map((query) => query.get("cursor"))).toEqual([null, "after 1", "after 2"]);
  expect(asked.map((query) => query.get("created_after"))).toEqual(["from 1", "from 1", "from 1"]);
});
