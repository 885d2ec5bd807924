import { beforeEach, expect, test, vi } from "vitest";

const API = "https://api.test";
const CONFIG = { apiUrl: `${API}/`, devToken: "of-the-runner" };
/** Milliseconds since the page was opened. */
let age = 0;
let asked: { url: string; bearer: string | undefined }[] = [];

/** A new copy of the module, without requests, and a network that records its requests. */
async function fresh() {
  vi.resetModules();
  return import("./early");
}

beforeEach(() => {
  asked = [];
  age = 500;
  vi.spyOn(performance, "now").mockImplementation(() => age);
  vi.stubGlobal("fetch", (url: string, init?: { headers: Record<string, string> }) => {
    asked.push({ url, bearer: init?.headers.Authorization });
    return Promise.resolve(Response.json(url === "/config.json" ? CONFIG : { of: url }));
  });
});

test("the first questions are asked with the tab's token, and each answer is taken once", async () => {
  const early = await fresh();
  await early.askEarly(["/me", "/metrics"], "mine");
  expect(asked.slice(1)).toEqual([
    { url: `${API}/me`, bearer: "Bearer mine" },
    { url: `${API}/metrics`, bearer: "Bearer mine" },
  ]);
  expect(await (await early.takeEarly(`${API}/me`, "mine"))?.json()).toEqual({ of: `${API}/me` });
  expect(early.takeEarly(`${API}/me`, "mine")).toBeUndefined();
});

test("the configuration is fetched once, and its token is used where the tab has none", async () => {
  const early = await fresh();
  await early.askEarly(["/me"], null);
  expect(await (await early.configFile()).json()).toEqual(CONFIG);
  expect(asked).toEqual([
    { url: "/config.json", bearer: undefined },
    { url: `${API}/me`, bearer: "Bearer of-the-runner" },
  ]);
});

test("an answer to another token, or from long ago, is nobody's", async () => {
  const early = await fresh();
  await early.askEarly(["/me", "/metrics"], "refused");
  expect(early.takeEarly(`${API}/me`, "better")).toBeUndefined();
  expect(early.takeEarly(`${API}/metrics`, "refused")).toBeUndefined();
  await early.askEarly(["/me"], "mine");
  age = 60_000;
  expect(early.takeEarly(`${API}/me`, "mine")).toBeUndefined();
});

test("without a configuration nothing is asked, and nothing is thrown", async () => {
  const early = await fresh();
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no network")));
  await early.askEarly(["/me"], "mine");
  expect(early.takeEarly(`${API}/me`, "mine")).toBeUndefined();
});

test("an early request asks for masks like a later one", async () => {
  const early = await fresh();
  const accepts: (string | null)[] = [];
  vi.stubGlobal("fetch", (url: string, init?: RequestInit) => {
    if (url !== "/config.json") accepts.push(new Headers(init?.headers).get("Accept"));
    return Promise.resolve(Response.json(CONFIG));
  });
  await early.askEarly(["/me"], "mine");
  const { ask, connectSession } = await import("./client");
  connectSession({ token: () => "another", onUnauthorized: () => undefined });
  (await import("@/config")).setConfig({ apiUrl: API, stage: "test", region: "" });
  await ask("get", "/me", {});
  expect(accepts).toEqual(["application/json; personal=hide", "application/json; personal=hide"]);
});
