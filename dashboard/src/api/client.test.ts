import { beforeEach, expect, test, vi } from "vitest";
import { connection, connectSession, request } from "./client";
import { ApiError, Offline } from "@/api/numbers/errors";

const unauthorized = vi.fn();
const answer = (status: number, body: string, headers: Record<string, string> = {}) =>
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(body, { status, headers })));

beforeEach(() => {
  unauthorized.mockClear();
  connection.set({ lastOk: null, downSince: null });
  connectSession({ token: () => "t", onUnauthorized: unauthorized });
});

async function refused(): Promise<ApiError> {
  const error = await request("/x").catch((found: unknown) => found);
  if (!(error instanceof ApiError)) throw new Error("It was not refused.");
  return error;
}

test("a problem keeps its detail, its fields and its correlation id", async () => {
  answer(
    422,
    JSON.stringify({
      title: "No",
      detail: "Because.",
      errors: [{ loc: ["a"], msg: "b" }],
      correlation_id: "cid",
    }),
  );
  expect(await refused()).toMatchObject({
    status: 422,
    detail: "Because.",
    correlationId: "cid",
    errors: [{ loc: ["a"], msg: "b" }],
  });
});

test("a page of HTML instead of a problem is reported as what it is", async () => {
  answer(502, "<html>Bad gateway</html>", { "X-Correlation-Id": "from-header" });
  expect(await refused()).toMatchObject({ status: 502, title: "HTTP 502", correlationId: "from-header" });
  answer(200, "<html>hello</html>");
  expect(await refused()).toMatchObject({ title: "The answer is not JSON" });
});

test("a refused token is reported once, to whoever keeps it", async () => {
  answer(401, "{}");
  await refused();
  expect(unauthorized).toHaveBeenCalledOnce();
});

test("no answer is offline, since the first time; an answer ends it", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no route")));
  await expect(request("/x")).rejects.toBeInstanceOf(Offline);
  const since = connection.get().downSince;
  await expect(request("/x")).rejects.toBeInstanceOf(Offline);
  expect(connection.get().downSince).toBe(since);
  answer(500, "{}");
  await refused();
  expect(connection.get().downSince).toBeNull();
});

test("an answer with an entity tag is asked for again with it, and 304 gives what was kept; another token starts anew", async () => {
  const asked: (string | null)[] = [];
  let token = "t";
  connectSession({ token: () => token, onUnauthorized: unauthorized });
  vi.stubGlobal("fetch", (_: string, init: RequestInit) => {
    const tag = new Headers(init.headers).get("If-None-Match");
    asked.push(tag);
    return Promise.resolve(
      tag ? new Response(null, { status: 304 }) : new Response('{"a":1}', { headers: { ETag: '"one"' } }),
    );
  });
  const first = await request("/tagged");
  expect(await request("/tagged")).toBe(first);
  token = "another";
  await request("/tagged");
  expect(asked).toEqual([null, '"one"', null]);
});
