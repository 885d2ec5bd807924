import type { Plugin, UserConfig } from "vite";

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
    config: (): UserConfig => ({ html: { cspNonce: nonce } }),
    configureServer: ({ middlewares }) => {
      endWithTheRunner();
      middlewares.use((request, response, next) => {
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

/** The runner holds the other end of standard input, which closes however the runner ends. */
function endWithTheRunner(): void {
  process.stdin.on("end", () => process.exit(0)).resume();
}
