import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { ApiError, ConfigurationError, JobFlow, NotReached, UnexpectedAnswer } from "../src/index.ts";
import { retryAfterOf } from "../src/request.ts";
import { json, LOST, playing, problem, REFUSED, URL, type Said } from "./fake.ts";

const limited = (after: string) => problem(429, "rate-limited", { "Retry-After": after });
const refusal = (promise: Promise<unknown>): Promise<ApiError> =>
  promise.then(
    () => assert.fail("it was not refused"),
    (error: unknown) => {
      assert.ok(error instanceof ApiError, String(error));
      return error;
    },
  );

test("a wish about personal fields that is not known is refused, as nothing would be hidden", () => {
  const personal = "hidden" as "hide";
  assert.throws(() => new JobFlow({ url: "https://jobs.example.com", token: "t", personal }), TypeError);
});

suite("what is sent again", () => {
  test("a refusal for too many requests, after Retry-After to the second, also of what is not repeatable", async () => {
    const { client, waits } = playing([limited("17"), limited("17"), json(200, { id: "a" })]);
    assert.equal((await client.retry("a")).id, "a");
    assert.deepEqual(waits, [17_000, 17_000]);
  });

  test("not after a Retry-After beyond the longest wait: that is told at once", async () => {
    const { client, asked } = playing([limited("3600")]);
    const error = await refusal(client.pause("email.send"));
    assert.deepEqual([error.retryAfter, error.kind, asked.length], [3600, "rate-limited", 1]);
  });

  for (const status of [500, 502, 503, 504])
    test(`a ${status} of a repeatable call, with growing waits, and then it is told`, async () => {
      const { client, waits } = playing(Array.from({ length: 4 }, () => problem(status)));
      assert.equal((await refusal(client.pause("email.send"))).status, status);
      assert.deepEqual(waits, [200, 400, 800]);
    });

  const lost: [string, () => Said][] = [
    ["a 502", () => problem(502)],
    ["a lost answer", () => LOST],
  ];
  for (const [name, said] of lost)
    test(`not ${name} of a call that may have been done and is not repeatable`, async () => {
      for (const act of ["retry", "cancel", "runNow", "discard"] as const) {
        const { client, asked } = playing([said()]);
        await assert.rejects(client[act]("a"));
        assert.equal(asked.length, 1, act);
      }
    });

  test("a lost answer of a cancellation with descendants, which goes on where it was", async () => {
    const { client, asked } = playing([LOST, json(200, { id: "a" })]);
    await client.cancel("a", { descendants: true });
    assert.deepEqual(
      asked.map(({ body }) => body),
      ['{"descendants":true}', '{"descendants":true}'],
    );
  });

  test("a connection that never was, always", async () => {
    const { client } = playing([REFUSED, json(200, { id: "a" })]);
    assert.equal((await client.retry("a")).id, "a");
  });

  test("not a refusal of the request", async () => {
    const { client, asked } = playing([problem(422, "invalid-request")]);
    await refusal(client.pause("email.send"));
    assert.equal(asked.length, 1);
  });

  test("nothing with tries: 1", async () => {
    const { client, asked } = playing([problem(503)], { tries: 1 });
    await refusal(client.me());
    assert.equal(asked.length, 1);
  });

  test("a new job under one key, made up or given", async () => {
    const { client, asked } = playing([LOST, json(201, { id: "a" }), json(201, { id: "b" })]);
    assert.equal((await client.submit("email.send", {})).existing, null);
    const [first, second] = asked.map(({ headers }) => headers.get("Idempotency-Key"));
    assert.ok(first);
    assert.equal(first, second);
    await client.submit("email.send", {}, { key: "order-1042" });
    assert.equal(asked[2]?.headers.get("Idempotency-Key"), "order-1042");
  });
});

test("a trace is sent with the requests that create jobs", async () => {
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const made = { results: [{ status: 201, job: null, problem: null, existing: null }] };
  const { client, asked } = playing([json(201, { id: "a" }), json(200, made), json(200, { id: "b" })]);
  await client.submit("email.send", {}, { traceparent });
  await client.batch([{ type: "email.send", payload: {} }], { traceparent });
  await client.get("a");
  assert.deepEqual(
    asked.map(({ headers }) => headers.get("traceparent")),
    [traceparent, traceparent, null],
  );
  assert.ok(!asked[0]?.body?.includes("traceparent"));
});

test("an invalid trace does not prevent a job", async () => {
  const { client, asked } = playing([json(201, { id: "a" })]);
  await client.submit("email.send", {}, { traceparent: "00-4bf9\n" });
  assert.equal(asked[0]?.headers.get("traceparent"), null);
});

test("an empty key is refused before anything is sent, and does not become a made-up one", async () => {
  const { client, asked } = playing([]);
  await assert.rejects(client.submit("email.send", {}, { key: "" }), TypeError);
  await assert.rejects(client.batch([{ type: "email.send", payload: {}, key: "ä" }]), TypeError);
  assert.equal(asked.length, 0);
});

test("a job that was there says why; one that a second try found was made by this call", async () => {
  const replayed = () => json(200, { id: "a" }, { "Idempotent-Replayed": "true" });
  const { client } = playing([
    replayed(),
    json(200, { id: "a" }, { "Existing-Job": "unique" }),
    json(200, { id: "a" }, { "Existing-Job": "debounced" }),
    LOST,
    replayed(),
  ]);
  const found = [];
  for (let n = 0; n < 4; n++) found.push((await client.submit("email.send", {})).existing);
  assert.deepEqual(found, ["key", "unique", "debounced", null]);
});

suite("errors", () => {
  test("a problem keeps its parts, and its message names each wrong field", async () => {
    const body = {
      type: "urn:jobflow:problem:invalid-payload",
      title: "The payload does not match its job type",
      status: 422,
      detail: "See errors.",
      errors: [{ loc: ["payload", "to", 0], msg: "Field required" }],
      correlation_id: "c-1",
    };
    const error = await refusal(playing([json(422, body)]).client.submit("email.send", {}));
    const { status, type, kind, title, detail, errors, correlationId } = error;
    assert.deepEqual({ status, type, title, detail, errors, correlation_id: correlationId }, body);
    assert.equal(kind, "invalid-payload");
    assert.equal(error.message, "See errors.\n  payload.to.0: Field required");
  });

  test("a message of the gateway is one, too", async () => {
    for (const name of ["message", "Message"]) {
      const said = json(403, { [name]: "Forbidden" }, { "X-Correlation-Id": "from-header" });
      const error = await refusal(playing([said]).client.me());
      assert.deepEqual(
        [error.status, error.type, error.kind, error.title, error.detail, error.correlationId],
        [403, "about:blank", null, "HTTP 403", "Forbidden", "from-header"],
      );
    }
  });

  test("a page of HTML is an error with its status, or no answer of the API", async () => {
    const page = (status: number) => new Response("<html>", { status });
    assert.equal((await refusal(playing([page(418)]).client.me())).detail, "HTTP 418");
    for (const body of [null, 7, "no", [1]])
      assert.equal((await refusal(playing([json(418, body)]).client.me())).status, 418);
    await assert.rejects(playing([page(200)]).client.me(), UnexpectedAnswer);
  });

  test("a redirect is not followed: it would take the token elsewhere", async () => {
    const { client } = playing([
      new Response(null, { status: 302, headers: { Location: "https://other.example" } }),
    ]);
    await assert.rejects(client.me(), UnexpectedAnswer);
  });

  test("no answer says what fetch hides, and keeps it", async () => {
    const { client } = playing([REFUSED], { tries: 1 });
    await assert.rejects(client.me(), (error: unknown) => {
      assert.ok(error instanceof NotReached);
      assert.match(error.message, /ECONNREFUSED/);
      return error.cause === REFUSED;
    });
  });
});

suite("Retry-After", () => {
  for (const [text, seconds] of [
    ["5", 5],
    ["0", 0],
    ["", null],
    ["soon", null],
    ["-1", null],
  ] as const)
    test(`${text || "nothing"} is ${seconds ?? "nothing"}`, () => assert.equal(retryAfterOf(text), seconds));

  test("a date is the time until then, and a past one is now", () => {
    const found = retryAfterOf(new Date(Date.now() + 3_600_000).toUTCString());
    assert.ok(found !== null && found > 3000 && found <= 3600);
    assert.equal(retryAfterOf(new Date(0).toUTCString()), 0);
  });
});

suite("signals and time", () => {
  /** Return a fetch that never answers, and ends when its signal is aborted, like the real one. */
  const silent = (_: string, init: RequestInit) =>
    new Promise<Response>((_resolve, reject) => {
      const end = () => reject(init.signal?.reason as Error);
      if (init.signal?.aborted) end();
      init.signal?.addEventListener("abort", end);
    });

  test("a signal ends a request with its reason, and nothing is sent again", async () => {
    const stop = new AbortController();
    const { client } = playing([], { fetch: silent });
    const asked = client.me({ signal: stop.signal });
    stop.abort(new Error("enough"));
    await assert.rejects(asked, /enough/);
    await assert.rejects(client.me({ signal: AbortSignal.abort(new Error("before")) }), /before/);
  });

  test("a signal ends the wait between two tries, and wait() for a job", async () => {
    const running = { id: "a", status: "processing", finished_at: null };
    for (const said of [problem(503), json(200, running)]) {
      const stop = new AbortController();
      const fetch = () => Promise.resolve(said);
      const client = new JobFlow({ url: URL, token: "t", fetch, firstWaitMs: 60_000 });
      setTimeout(() => stop.abort(new Error("enough")), 5);
      await assert.rejects(client.wait("a", { signal: stop.signal }), /enough/);
    }
  });

  test("a request that takes too long is one that was not answered", async () => {
    const { client } = playing([], { fetch: silent, timeoutMs: 5, tries: 1 });
    await assert.rejects(client.me(), /none in 5 ms/);
  });
});

suite("where it is sent, and with which token", () => {
  test("an address without TLS is refused unless it is this machine", () => {
    for (const url of ["http://jobs.example.com", "ftp://jobs.example.com", "jobs.example.com", ""])
      assert.throws(() => new JobFlow({ url, token: "t" }), ConfigurationError, url);
    for (const url of [
      "http://localhost:8000",
      "http://127.0.0.1",
      "http://[::1]:80/",
      "https://a.example/v1",
    ])
      assert.ok(new JobFlow({ url, token: "t" }));
  });

  test("a function is asked for the token each time; null sends none; what cannot be one is refused", async () => {
    const tokens = ["one", null, "a\nb"];
    const { client, asked } = playing([json(200, {}), json(200, {})], {
      token: () => Promise.resolve(tokens.shift() ?? null),
    });
    await client.me();
    await client.me();
    await assert.rejects(client.me(), ConfigurationError);
    assert.deepEqual(
      asked.map(({ headers }) => headers.get("Authorization")),
      ["Bearer one", null],
    );
  });

  test("names in a path are escaped, and those that lead elsewhere are refused", async () => {
    const { client, asked } = playing([json(200, {})], { url: `${URL}/` });
    await client.get("a/b?c");
    assert.equal(asked[0]?.path, "/jobs/a%2Fb%3Fc");
    for (const id of ["", ".", ".."]) await assert.rejects(client.get(id), TypeError);
  });
});

test("with `keep`, an answer is asked for again by its tag; 304 gives what was kept; another token starts anew", async () => {
  const tagged = (tag: string) => json(200, { id: "a" }, { ETag: tag });
  const same = () => new Response(null, { status: 304 });
  let token = "one";
  const { client, asked } = playing([tagged('"1"'), same, same, tagged('"2"')], {
    keep: 4,
    token: () => token,
  });
  const first = await client.get("a");
  assert.equal(await client.get("a"), first);
  assert.equal(await client.get("a"), first);
  token = "two";
  await client.get("a");
  assert.deepEqual(
    asked.map(({ headers }) => headers.get("If-None-Match")),
    [null, '"1"', '"1"', null],
  );
});

test("a JSON of one's own reads and writes what a number would round", async () => {
  const big = {
    parse: (text: string) => JSON.parse(text.replace(/:(\d{17,})/g, ':"big $1"')) as unknown,
    stringify: (value: unknown) =>
      JSON.stringify(value, (_, one: unknown) => (typeof one === "bigint" ? "big" : one)),
  };
  const { client, asked } = playing([new Response('{"id":12345678901234567890}', { status: 201 })], {
    json: big,
  });
  const job = await client.submit("email.send", { n: 1n });
  assert.equal(job.id, "big 12345678901234567890");
  assert.match(asked[0]?.body ?? "", /"n":"big"/);
});
