import { QueryClient } from "@tanstack/react-query";
import { afterEach, expect, test, vi } from "vitest";
import { schedules } from "./schedules";

afterEach(() => vi.unstubAllGlobals());

test("schedules of an API that does not list missed firings are shown without them", async () => {
  const old = { id: "nightly", payload: {}, paused: false, next_firings: [], last_firings: [] };
  vi.stubGlobal("fetch", () =>
    Promise.resolve(new Response(JSON.stringify({ schedules: [old], next_after: null }))),
  );
  const [found] = await new QueryClient().query(schedules());
  expect(found).toMatchObject({ id: "nightly", missed: [], pause: null });
});
