import type { IncomingHttpHeaders } from "node:http";
import type { Plugin, UserConfig } from "vite";

const HOSTS = ["localhost", "127.0.0.1"];

/** What `make dev WATCH=1` tells: the site's configuration, the policy to serve it under, and a nonce of that policy. */
interface Told {
  config: object;
  policy: string;
  nonce: string;
}

/** Serves the sources as the local runner serves the built files: with a config.json of its own, and under a policy. */
export function localRunner(told = process.env.JOBFLOW_DASHBOARD): Plugin | null {
  if (!told) return null;
  const { config, policy, nonce } = JSON.parse(told) as Told;
  return {
    name: "local-runner",
    apply: "serve",
    // Vite lets pages of every loopback port read its answers unless it is told not to.
    config: (): UserConfig => ({ html: { cspNonce: nonce }, server: { cors: false, allowedHosts: HOSTS } }),
    configureServer: ({ middlewares }) => {
      endWithTheRunner();
      middlewares.use((request, response, next) => {
        if (!mayCome(request.headers)) {
          response.statusCode = 403;
          response.end("Web pages of another origin may not use this server.");
          return;
        }
        response.setHeader("Content-Security-Policy", policy);
        if (request.url === "/reference") request.url = "/reference/";
        if (request.url !== "/config.json") {
          next();
          return;
        }
        response.setHeader("Content-Type", "application/json");
        response.end(JSON.stringify(config));
      });
    },
  };
}

/** Tell whether the request is the site's own, a program's, or a link to the site: the rules of infra/local/callers.py. */
export function mayCome(headers: IncomingHttpHeaders): boolean {
  const host = headers.host ?? "";
  if (!HOSTS.includes(host.replace(/:\d+$/, ""))) return false;
  if (headers.origin !== undefined) return headers.origin === `http://${host}`;
  const foreign = ["cross-site", "same-site"].includes(String(headers["sec-fetch-site"]));
  return !foreign || headers["sec-fetch-mode"] === "navigate";
}

/** The runner holds the other end of standard input, which closes however the runner ends. */
function endWithTheRunner(): void {
  process.stdin.on("end", () => process.exit(0)).resume();
}
