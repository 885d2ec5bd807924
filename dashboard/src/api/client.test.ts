import { beforeEach, expect, test, vi } from "vitest";
import { ask, connection, connectSession } from "./client";
import { ApiError, sentence } from "@/api/numbers/errors";
import { shownJob } from "./personal";

const unauthorized = vi.fn();
const me = () => ask("get", "/me", {});
const job = (id: string) => ask("get", "/jobs/{job_id}", { path: { job_id: id } });
const answer = (status: number, body: string, headers: Record<string, string> = {}) =>
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(body, { status, headers })));

beforeEach(() => {
  unauthorized.mockClear();
  connection.set({ lastOk: null, downSince: null, failing: false });
  connectSession({ token: () => "t", onUnauthorized: unauthorized });
});

async function refused(): Promise<ApiError> {
  const error = await me().catch((found: unknown) => found);
  if (!(error instanceof ApiError)) throw new Error("It was not refused.");
  return error;
}

/** The text that is shown for an error. */
const told = () => me().then(() => "nothing", sentence);

test("a page of HTML instead of a problem is told as what it is", async () => {
  answer(502, "<html>Bad gateway</html>");
  expect(await told()).toBe("HTTP 502");
  answer(200, "<html>hello</html>");
  expect(await told()).toBe("The answer is not JSON");
});

test("an integer that a number would round is read and sent as it is", async () => {
  const sent: unknown[] = [];
  vi.stubGlobal("fetch", (_: string, init: RequestInit) => {
    sent.push(init.body);
    return Promise.resolve(new Response('{"result":12345678901234567890}'));
  });
  const body = { payload: { n: 98765432109876543210n } };
  const { result } = await ask("post", "/jobs/{job_id}/retry", { path: { job_id: "a" }, body });
  expect(result).toBe(12345678901234567890n);
  expect(sent).toEqual(['{"payload":{"n":98765432109876543210}}']);
});

test("a refused token is reported once, to whoever keeps it", async () => {
  answer(401, "{}");
  await refused();
  expect(unauthorized).toHaveBeenCalledOnce();
});

test("no answer is offline, since the first time; an answer ends it", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no route")));
  expect(await told()).toBe("The API cannot be reached.");
  const since = connection.get().downSince;
  expect(await told()).toBe("The API cannot be reached.");
  expect(connection.get().downSince).toBe(since);
  answer(500, "{}");
  await refused();
  expect(connection.get().downSince).toBeNull();
});

test("polls ask by entity tag, and 304 gives the very answer that was kept", async () => {
  const asked: (string | null)[] = [];
  vi.stubGlobal("fetch", (_: string, init: RequestInit) => {
    const tag = new Headers(init.headers).get("If-None-Match");
    asked.push(tag);
    return Promise.resolve(
      tag ? new Response(null, { status: 304 }) : new Response('{"a":1}', { headers: { ETag: '"one"' } }),
    );
  });
  const first = await job("tagged");
  expect(await job("tagged")).toBe(first);
  expect(asked).toEqual([null, '"one"']);
});

test("an error of the API itself is no newer data", async () => {
  answer(200, "{}");
  await me();
  const { lastOk } = connection.get();
  expect(lastOk).not.toBeNull();
  answer(500, "{}");
  await refused();
  expect(connection.get()).toEqual({ lastOk, downSince: null, failing: true });
  answer(404, "{}");
  await refused();
  expect(connection.get().failing).toBe(false);
});

test("only a request about the job whose personal fields are shown asks for their values, and no value is kept", async () => {
  const accepts: (string | null)[] = [];
  const tags: (string | null)[] = [];
  vi.stubGlobal("fetch", (_: string, init: RequestInit) => {
    const headers = new Headers(init.headers);
    accepts.push(headers.get("Accept"));
    tags.push(headers.get("If-None-Match"));
    return Promise.resolve(Response.json({}, { headers: { ETag: '"of-values"' } }));
  });
  shownJob.set("shown-job");
  await job("shown-job");
  await job("shown-job-2");
  await me();
  await job("shown-job");
  shownJob.set(null);
  await job("shown-job");
  const hide = "application/json; personal=hide";
  expect(accepts).toEqual([null, hide, hide, null, hide]);
  expect([tags[3], tags[4]]).toEqual([null, null]);
});
