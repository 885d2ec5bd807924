import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import { verifyWebhook, WebhookRefused } from "../src/index.ts";

const SECRET = `whsec_${randomBytes(32).toString("base64")}`;
const OTHER = `whsec_${randomBytes(32).toString("base64")}`;
const BODY = '{"type":"job.completed","data":{"text":"ä"}}';
const NOW = 1_800_000_000;

const sign = (secret: string, id = "msg-1", at = NOW, body = BODY) =>
  createHmac("sha256", Buffer.from(secret.slice(6), "base64"))
    .update(`${id}.${String(at)}.${body}`)
    .digest("base64");
const headers = (signature: string, at = NOW) => ({
  "Webhook-Id": "msg-1",
  "webhook-timestamp": String(at),
  "webhook-signature": signature,
});

void suite("verifyWebhook", () => {
  void test("returns a message that the secret has signed, also beside another signature", async () => {
    const expected = { type: "job.completed", data: { text: "ä" } };
    const both = headers(`v1,${sign(OTHER)} v1a,x v1,${sign(SECRET)}`);
    assert.deepEqual(await verifyWebhook(BODY, both, SECRET, { now: NOW }), expected);
    assert.deepEqual(
      await verifyWebhook(new TextEncoder().encode(BODY), both, [OTHER], { now: NOW }),
      expected,
    );
    assert.deepEqual(await verifyWebhook(BODY, new Headers(both), SECRET, { now: NOW }), expected);
  });

  void test("refuses everything else", async () => {
    const good = headers(`v1,${sign(SECRET)}`);
    const wrong: [string, Record<string, string>, string, number][] = [
      [`${BODY} `, good, SECRET, NOW],
      [BODY, good, OTHER, NOW],
      [BODY, { ...good, "Webhook-Id": "msg-2" }, SECRET, NOW],
      [BODY, headers("v1,%%%"), SECRET, NOW],
      [BODY, headers(`v1a,${sign(SECRET)}`), SECRET, NOW],
      [BODY, { ...good, "webhook-timestamp": "now" }, SECRET, NOW],
      [BODY, {}, SECRET, NOW],
      [BODY, good, SECRET, NOW + 301],
      [BODY, good, SECRET, NOW - 301],
    ];
    for (const [body, head, secret, now] of wrong) {
      await assert.rejects(verifyWebhook(body, head, secret, { now }), WebhookRefused);
    }
    await assert.rejects(verifyWebhook(BODY, good, "whsec_", { now: NOW }), TypeError);
  });
});

/** A message as the platform sends it, during the rotation of a secret: a test of the platform compares it. */
const SENT = JSON.parse(readFileSync(new URL("message.json", import.meta.url), "utf8")) as {
  secrets: string[];
  headers: Record<string, string>;
  body: string;
};

void suite("the package standardwebhooks", () => {
  void test("accepts what the platform sends, by each of its secrets, as this client does", async (t) => {
    const at = Number(SENT.headers["webhook-timestamp"]);
    t.mock.timers.enable({ apis: ["Date"], now: at * 1000 });
    for (const secret of SENT.secrets) {
      const expected = await verifyWebhook(SENT.body, SENT.headers, secret);
      assert.deepEqual(new Webhook(secret).verify(SENT.body, SENT.headers), expected);
      assert.equal((expected as { type: string }).type, "batch.ended");
    }
  });

  void test("refuses what this client refuses", async (t) => {
    const at = Number(SENT.headers["webhook-timestamp"]);
    const [secret = ""] = SENT.secrets;
    const wrong: [string, Record<string, string>, string, number][] = [
      [`${SENT.body} `, SENT.headers, secret, at],
      [SENT.body, { ...SENT.headers, "webhook-id": "other" }, secret, at],
      [SENT.body, SENT.headers, SECRET, at],
      [SENT.body, SENT.headers, secret, at + 301],
    ];
    t.mock.timers.enable({ apis: ["Date"], now: 0 });
    for (const [body, head, by, now] of wrong) {
      t.mock.timers.setTime(now * 1000);
      assert.throws(() => new Webhook(by).verify(body, head), WebhookVerificationError);
      await assert.rejects(verifyWebhook(body, head, by), WebhookRefused);
    }
  });
});
