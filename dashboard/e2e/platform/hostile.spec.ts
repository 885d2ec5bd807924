import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "@playwright/test";
import { expect, test } from "../fixtures";

const AWS = process.env.AWS_URL ?? "";
const SIGNED = "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, Signature=0";

/** A web site of somebody else on another port of this machine. */
let hostile: Server;
let port: number;

test.beforeAll(async () => {
  hostile = createServer((_, response) => {
    response.setHeader("Content-Type", "text/html");
    response.end("<!doctype html><title>hostile</title>");
  });
  await new Promise<void>((resolve) => hostile.listen(0, "127.0.0.1", resolve));
  port = (hostile.address() as AddressInfo).port;
});
test.afterAll(() => hostile.close());
test.beforeEach(() => {
  test.skip(AWS === "", "The fake API guards nothing.");
});

/** What the page could read of an answer: null when the browser gave it none, "" when it gave it an opaque one. */
async function read(page: Page, url: string, options: RequestInit): Promise<string | null> {
  return page.evaluate(
    async ([address, init]) =>
      fetch(address, init).then(
        (answer) => answer.text(),
        () => null,
      ),
    [url, options] as const,
  );
}

for (const name of ["localhost", "127.0.0.1"]) {
  test(`a page of another port at ${name} reads nothing and changes nothing`, async ({
    page,
    stack,
    submit,
    tag,
  }) => {
    const id = await submit(
      "report.generate",
      { from: "2026-01-01T00:00:00Z", formats: ["csv"] },
      { tags: [tag] },
    );
    const statuses = new Map<string, number>();
    page.on("response", (response) =>
      statuses.set(`${response.request().method()} ${response.url()}`, response.status()),
    );
    await page.goto(`http://${name}:${port}/`);
    const simple = { method: "POST", mode: "no-cors", body: "{}" } as const;
    for (const path of ["/_jobflow/reset", "/moto-api/reset", "/files/uploads"])
      expect(await read(page, AWS + path, simple)).toBe("");
    expect(await read(page, `${stack.api}/jobs`, simple)).toBe("");
    for (const url of [`${stack.site}/config.json`, `${AWS}/moto-api/data.json`, `${stack.api}/health`])
      expect(await read(page, url, {})).toBeNull();
    expect(await read(page, `${stack.site}/config.json`, { mode: "no-cors" })).toBe("");
    const scan = { Authorization: SIGNED, "X-Amz-Target": "DynamoDB_20120810.Scan" };
    expect(await read(page, AWS, { method: "POST", headers: scan, body: "{}" })).toBeNull();
    const refused = [...statuses].filter(([request]) => !request.includes(`:${port}/`));
    expect(refused.length).toBeGreaterThanOrEqual(5);
    for (const [request, status] of refused) expect(status, request).toBe(403);
    const answer = await fetch(`${stack.api}/jobs/${id}`, {
      headers: { Authorization: `Bearer ${stack.admin}` },
    });
    expect(answer.status, "the job is still there").toBe(200);
  });
}

test("a name that only leads to this machine is refused by all three ports", async ({ page, stack }) => {
  for (const url of [`${stack.site}/config.json`, `${stack.api}/health`, `${AWS}/_jobflow/health`]) {
    // Chromium lets every name below localhost lead to this machine, as a rebinding DNS server would.
    const answer = await page.goto(url.replace(/localhost|127\.0\.0\.1/, "rebound.localhost"));
    expect(answer?.status(), url).toBe(403);
  }
});
