import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { setConfig, type Provider } from "@/config";
import { begin, complete, endSession, ownPath, SignInFailed } from "./signIn";

const PROVIDER: Provider = {
  name: "Example",
  issuer: "https://login.example.com",
  clientId: "console",
  authorizeUrl: "https://login.example.com/authorize?tenant=a",
  tokenUrl: "https://login.example.com/token",
  scopes: "openid profile",
};
const API = "https://api.example.com";

beforeEach(() => {
  sessionStorage.clear();
  setConfig({ apiUrl: API, stage: "test", region: "x", signIn: PROVIDER });
});
afterEach(() => vi.unstubAllGlobals());

interface Sent {
  url: string;
  body: string;
  init: RequestInit;
}

/** Answer the token endpoint and the API; return what was sent. */
function answering(
  token: object | "lost",
  session: [number, object] | "lost" = [201, { token: "jfs_x" }],
): Sent[] {
  const sent: Sent[] = [];
  vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
    sent.push({ url, init, body: String(init.body as string | URLSearchParams) });
    const told = url === PROVIDER.tokenUrl ? token : session;
    if (told === "lost") return Promise.reject(new TypeError("Failed to fetch"));
    const [status, body] = Array.isArray(told) ? (told as [number, object]) : [200, told];
    return Promise.resolve(new Response(JSON.stringify(body), { status }));
  });
  return sent;
}

async function failure(work: Promise<unknown>): Promise<SignInFailed> {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof SignInFailed)) throw new Error(`It did not fail: ${String(error)}`);
  return error;
}

const hash = async (text: string) =>
  Buffer.from(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))).toString("base64url");

test("the provider gets only hashes, and what belongs to them goes to the token endpoint and the API", async () => {
  const address = new URL(await begin(PROVIDER, "/jobs/1?tab=log#end"));
  const asked = Object.fromEntries(address.searchParams);
  expect(asked).toMatchObject({
    tenant: "a",
    response_type: "code",
    client_id: "console",
    redirect_uri: `${location.origin}/signed-in`,
    scope: "openid profile",
    code_challenge_method: "S256",
  });
  const sent = answering({ id_token: "a.b.c" });

  const done = await complete(PROVIDER, `?code=the-code&state=${asked.state}&iss=${PROVIDER.issuer}`);

  expect(done).toEqual({ token: "jfs_x", back: "/jobs/1?tab=log#end" });
  const [exchange, session] = sent;
  const form = Object.fromEntries(new URLSearchParams(exchange?.body));
  expect(form).toMatchObject({ grant_type: "authorization_code", code: "the-code", client_id: "console" });
  expect(form).not.toHaveProperty("client_secret");
  expect(await hash(form.code_verifier ?? "")).toBe(asked.code_challenge);
  expect(exchange?.init).toMatchObject({ credentials: "omit", redirect: "error" });
  expect(session?.url).toBe(`${API}/session`);
  const body = JSON.parse(session?.body ?? "") as Record<string, string>;
  expect(Object.keys(body)).toEqual(["id_token", "secret"]);
  expect(await hash(body.secret ?? "")).toBe(asked.nonce);
  expect(
    new Set([asked.state, asked.nonce, asked.code_challenge, body.secret, form.code_verifier]).size,
  ).toBe(5);
});

test.each(["", "?code=c", "?code=c&state=other", "?code=c&state=", "?state=other&error=access_denied"])(
  "an answer that this tab did not ask for is not used: %s",
  async (query) => {
    await begin(PROVIDER, "/dashboard");
    const sent = answering({ id_token: "a.b.c" });
    expect((await failure(complete(PROVIDER, query))).why).toBe("notBegun");
    expect(sent).toEqual([]);
  },
);

test("an answer of another issuer is not used", async () => {
  const { state } = await begun();
  const sent = answering({ id_token: "a.b.c" });
  const query = `?code=c&state=${state}&iss=https://mallory.example`;
  expect((await failure(complete(PROVIDER, query))).why).toBe("notBegun");
  expect(sent).toEqual([]);
});

test("an answer without a sign-in in this tab is not used: a link cannot sign anybody in", async () => {
  const sent = answering({ id_token: "a.b.c" });
  expect((await failure(complete(PROVIDER, "?code=c&state=s"))).why).toBe("notBegun");
  sessionStorage.setItem("jobflow.signIn", JSON.stringify({ state: "s" }));
  expect((await failure(complete(PROVIDER, "?code=c&state=s"))).why).toBe("notBegun");
  expect(sent).toEqual([]);
});

test("a sign-in ends once", async () => {
  const { query } = await begun();
  answering({ id_token: "a.b.c" });
  await complete(PROVIDER, query);
  expect((await failure(complete(PROVIDER, query))).why).toBe("notBegun");
  expect(sessionStorage.length).toBe(0);
});

test.each([
  ["https://mallory.example/", "/dashboard"],
  ["//mallory.example/x", "/dashboard"],
  ["/\\mallory.example", "/dashboard"],
  ["/\t/mallory.example", "/dashboard"],
  ["javascript:alert(1)", "/dashboard"],
  ["/.//mallory.example", "/dashboard"],
  ["/signed-in?code=x", "/dashboard"],
  ["/signed-in/?code=x", "/dashboard"],
  ["", "/dashboard"],
  ["/jobs/1?x=//y#z", "/jobs/1?x=//y#z"],
])("after a sign-in, no other site is shown: %j", async (wanted, shown) => {
  expect(ownPath(wanted)).toBe(shown);
  await begin(PROVIDER, "/jobs");
  const stored = JSON.parse(sessionStorage.getItem("jobflow.signIn") ?? "") as { state: string };
  sessionStorage.setItem("jobflow.signIn", JSON.stringify({ ...stored, back: wanted || "x" }));
  answering({ id_token: "a.b.c" });
  expect((await complete(PROVIDER, `?code=c&state=${stored.state}`)).back).toBe(shown);
});

test.each([
  ["?error=access_denied", "cancelled", ""],
  ["?error=server_error&error_description=<b>x</b>", "provider", "server_error"],
  ["?error=Your account is blocked, call 555", "provider", ""],
] as const)("what the provider refuses is said: %s", async (query, why, detail) => {
  const { state } = await begun("/jobs/1");
  const failed = await failure(complete(PROVIDER, `${query}&state=${state}`));
  expect([failed.why, failed.detail, failed.back]).toEqual([why, detail, "/jobs/1"]);
});

test.each([
  [{ error: "invalid_grant" }, [201, {}], "exchange", "invalid_grant"],
  ["lost", [201, {}], "exchange", ""],
  [{ access_token: "x" }, [201, {}], "exchange", ""],
  [{ id_token: "a.b.c" }, "lost", "unavailable", ""],
  [{ id_token: "a.b.c" }, [503, { detail: "later" }], "unavailable", "later"],
  [{ id_token: "a.b.c" }, [401, { detail: "It was refused." }], "refused", "It was refused."],
  [{ id_token: "a.b.c" }, [422, { detail: "It is too long." }], "refused", "It is too long."],
  [{ id_token: "a.b.c" }, [403, { detail: "no group" }], "noRole", "no group"],
  [{ id_token: "a.b.c" }, [429, {}], "tooMany", ""],
  [{ id_token: "a.b.c" }, [201, {}], "unavailable", ""],
] as const)("a sign-in that cannot end says why: %j %j", async (token, session, why, detail) => {
  const { query } = await begun();
  answering(token, session === "lost" ? "lost" : [session[0], session[1]]);
  const failed = await failure(complete(PROVIDER, query));
  expect([failed.why, failed.detail]).toEqual([why, detail]);
});

test.each([
  [200, true],
  [401, true],
  [503, false],
  [0, false],
])("a session is ended on the server, or it is said that it is not: %d", async (status, done) => {
  const sent: [string, RequestInit][] = [];
  vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
    sent.push([url, init]);
    return status === 0
      ? Promise.reject(new TypeError("Failed to fetch"))
      : Promise.resolve(new Response("{}", { status }));
  });
  expect(await endSession("jfs_x")).toBe(done);
  expect(sent).toMatchObject([
    [`${API}/session`, { method: "DELETE", headers: { Authorization: "Bearer jfs_x" }, keepalive: true }],
  ]);
});

async function begun(back = "/dashboard") {
  const state = new URL(await begin(PROVIDER, back)).searchParams.get("state") ?? "";
  return { state, query: `?code=c&state=${state}` };
}
