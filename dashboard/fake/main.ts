/** `npm run fake`: the fake API, and dist/ served against it. Ports: API_PORT, DASHBOARD_PORT. */
import { fileURLToPath } from "node:url";
import { startFake } from "./server";
import { startSite } from "./site";

const api = await startFake({
  port: Number(process.env.API_PORT ?? 8000),
  jobs: Number(process.env.JOBS ?? 300),
});
const dist = fileURLToPath(new URL("../dist", import.meta.url));
const config = { apiUrl: api.url, stage: "fake", region: "us-east-1", devToken: "admin-token" };
const site = await startSite(dist, api.url, config, Number(process.env.DASHBOARD_PORT ?? 8080));
console.log(`API ${api.url}\nDashboard ${site.url}`);
