import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { parse, stringify } from "../src/lib/json";
import type { Role } from "./sim/model";

/** An answer that is a problem (RFC 9457). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly errors?: { loc: (string | number)[]; msg: string }[],
  ) {
    super(detail);
  }
}

export const TOKENS: Readonly<Record<string, Role>> = {
  "viewer-token": "viewer",
  "operator-token": "operator",
  "admin-token": "admin",
};
const RANK: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 };

/** Who asks; raises 401 or 403. */
export function authorize(request: IncomingMessage, needed: Role): Role {
  const role = TOKENS[(request.headers.authorization ?? "").replace(/^Bearer /, "")];
  if (!role) throw new Problem(401, "A valid token is needed", "The token is missing, unknown or expired.");
  if (RANK[role] < RANK[needed])
    throw new Problem(
      403,
      "The token's role does not allow this",
      `This needs the role ${needed}; the token's is ${role}.`,
    );
  return role;
}

const MOST_BYTES = 20_000_000;

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > MOST_BYTES) throw new Problem(413, "The request body is too large", "At most 20 MB.");
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

export async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const text = (await readBody(request)).toString();
  try {
    return (text ? parse(text) : {}) as Record<string, unknown>;
  } catch {
    throw new Problem(400, "The request cannot be read", "The body is not JSON.");
  }
}

export function cors(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader("Access-Control-Allow-Origin", request.headers.origin ?? "*");
  response.setHeader(
    "Access-Control-Allow-Headers",
    "Authorization, Content-Type, Idempotency-Key, If-None-Match, X-Correlation-Id",
  );
  response.setHeader("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, OPTIONS");
  response.setHeader(
    "Access-Control-Expose-Headers",
    "ETag, Location, Retry-After, Idempotent-Replayed, X-Correlation-Id",
  );
  response.setHeader("Access-Control-Max-Age", "600");
}

export function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  const type = status >= 400 ? "application/problem+json" : "application/json";
  response.writeHead(status, { "Content-Type": type, ...headers });
  response.end(stringify(body));
}

/** Send an answer to a read, or 304 when the caller has it already. The time of the answer is not part of its tag. */
export function sendRead(request: IncomingMessage, response: ServerResponse, body: unknown): void {
  const content = stringify(body).replace(/"as_of":"[^"]*"/, "");
  const tag = `W/"${createHash("sha256").update(content).digest("hex").slice(0, 16)}"`;
  if (request.headers["if-none-match"] === tag) response.writeHead(304, { ETag: tag }).end();
  else send(response, 200, body, { ETag: tag });
}
