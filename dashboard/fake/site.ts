import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { gzipSync } from "node:zlib";

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".json": "application/json",
};

/** The policy of the deployed site, with local addresses. */
export function policy(api: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    `connect-src 'self' ${api}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join("; ");
}

/** Serves dist/ as CloudFront does: strict headers, compressed, every path without a file is the app. */
export async function startSite(dist: string, api: string, config: object, port = 0) {
  const headers = {
    "Content-Security-Policy": policy(api),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
  };
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? "/", "http://x").pathname);
    if (path === "/config.json") {
      response.writeHead(200, { ...headers, "Content-Type": "application/json" }).end(JSON.stringify(config));
      return;
    }
    const file = join(dist, path);
    const page = /^\/reference\/?$/.test(path) ? "reference/index.html" : "index.html";
    const found =
      existsSync(file) && statSync(file).isFile() ? file : extname(path) ? null : join(dist, page);
    if (!found) {
      response.writeHead(404, headers).end();
      return;
    }
    const type = TYPES[extname(found)] ?? "application/octet-stream";
    if (request.headers["accept-encoding"]?.includes("gzip")) {
      response
        .writeHead(200, { ...headers, "Content-Type": type, "Content-Encoding": "gzip" })
        .end(gzipSync(readFileSync(found)));
    } else {
      response.writeHead(200, { ...headers, "Content-Type": type });
      createReadStream(found).pipe(response);
    }
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url, close };
}
