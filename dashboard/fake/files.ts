import type { IncomingMessage, ServerResponse } from "node:http";
import { readBody } from "./http";
import type { Sim } from "./sim/sim";

const PICTURE =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 533"><rect width="800" height="533" fill="#f5b83d"/><circle cx="560" cy="190" r="80" fill="#fff3d6"/><path d="M0 420 210 220 380 400 520 290 800 470V533H0Z" fill="#7a3b2e"/><path d="M0 470 320 380 800 500V533H0Z" fill="#2b1d24"/></svg>';
const CSV =
  "type,status,jobs,p95_ms\nemail.send,completed,1180,640\nemail.send,failed,12,310\nimage.process,completed,88,1900\n";

/** The part of S3 that the console meets: a presigned POST, and GET of what is there. */
export async function files(
  sim: Sim,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  if (request.method === "POST") {
    const { key, type, body } = parseForm(await readBody(request));
    sim.files.set(key, { type, body });
    response.writeHead(204).end();
    return;
  }
  const source = new URL(request.url ?? "/", "http://x").searchParams.get("source") ?? path;
  const file = sim.files.get(source) ?? made(path);
  response.writeHead(200, { "Content-Type": file.type, "Cache-Control": "no-store" });
  response.end(file.body);
}

function made(path: string): { type: string; body: Buffer } {
  if (path.endsWith(".csv")) return { type: "text/csv", body: Buffer.from(CSV) };
  if (path.endsWith(".html"))
    return { type: "text/html", body: Buffer.from("<!doctype html><title>Report</title><h1>Report</h1>") };
  return { type: "image/svg+xml", body: Buffer.from(PICTURE) };
}

/** The fields `key` and `file` of a multipart form, as far as a browser writes one. */
function parseForm(raw: Buffer): { key: string; type: string; body: Buffer } {
  const text = raw.toString("latin1");
  const boundary = text.slice(0, text.indexOf("\r\n"));
  const found = { key: "", type: "application/octet-stream", body: Buffer.alloc(0) };
  for (const part of text.split(boundary)) {
    const [head = "", ...rest] = part.split("\r\n\r\n");
    const body = rest.join("\r\n\r\n").replace(/\r\n$/, "");
    if (head.includes('name="key"')) found.key = body;
    if (head.includes('name="file"')) {
      found.type = /Content-Type: (\S+)/i.exec(head)?.[1] ?? found.type;
      found.body = Buffer.from(body, "latin1");
    }
  }
  return found;
}
