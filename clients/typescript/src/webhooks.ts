import { JobFlowError } from "./errors.ts";

const PREFIX = "whsec_";
const TOLERANCE = 300;

/** A message is not from JobFlow, or is too old; `message` says why. Answer it with 400. */
export class WebhookRefused extends JobFlowError {
  override name = "WebhookRefused";
}

export interface VerifyOptions {
  /** Seconds by which the time of a message may differ from this machine's clock; 300. */
  tolerance?: number;
  /** Seconds since 1970, for tests. */
  now?: number;
}

type HeadersLike = Headers | Record<string, string | string[] | undefined>;

/**
 * Return the message, if it was signed with the secret (or with one of several) and is not too old; otherwise throw
 * WebhookRefused. `body` is the body as it was received, not parsed and serialized again. The header `webhook-id` is
 * the same for each repetition of a message.
 *
 * Source: Standard Webhooks, https://www.standardwebhooks.com
 */
export async function verifyWebhook(
  body: string | Uint8Array,
  headers: HeadersLike,
  secret: string | readonly string[],
  { tolerance = TOLERANCE, now = Date.now() / 1000 }: VerifyOptions = {},
): Promise<unknown> {
  const [id, at, signatures] = ["id", "timestamp", "signature"].map((name) =>
    headerOf(headers, `webhook-${name}`),
  );
  if (!id || !at || !signatures) {
    throw new WebhookRefused("webhook-id, webhook-timestamp or webhook-signature is missing");
  }
  if (!/^[0-9]{1,12}$/.test(at)) {
    throw new WebhookRefused("webhook-timestamp is not a number of seconds");
  }
  const raw = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const head = new TextEncoder().encode(`${id}.${at}.`);
  const signed = new Uint8Array(head.length + raw.length);
  signed.set(head);
  signed.set(raw, head.length);
  const given = signatures.split(" ").flatMap((one) => (one.startsWith("v1,") ? decoded(one.slice(3)) : []));
  const keys = await Promise.all((typeof secret === "string" ? [secret] : secret).map(keyOf));
  // `verify` compares in constant time
  const pairs = keys.flatMap((key) => given.map((one) => crypto.subtle.verify("HMAC", key, one, signed)));
  if (!(await Promise.all(pairs)).includes(true)) {
    throw new WebhookRefused("no signature is by this secret");
  }
  if (Math.abs(now - Number(at)) > tolerance) {
    throw new WebhookRefused(`the message is not from within ${String(tolerance)} seconds`);
  }
  return JSON.parse(new TextDecoder().decode(raw)) as unknown;
}

function headerOf(headers: HeadersLike, name: string): string | undefined {
  if (headers instanceof Headers) {
    return headers.get(name) ?? undefined;
  }
  const found = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  return typeof found === "string" ? found : found?.[0];
}

function keyOf(secret: string): Promise<CryptoKey> {
  const [key] = decoded(secret.replace(PREFIX, ""));
  if (!key?.length) {
    throw new TypeError("The secret is not one of JobFlow: it begins with whsec_.");
  }
  return crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
}

function decoded(text: string): Uint8Array<ArrayBuffer>[] {
  try {
    return [Uint8Array.from(atob(text), (char) => char.charCodeAt(0))];
  } catch {
    return [];
  }
}
