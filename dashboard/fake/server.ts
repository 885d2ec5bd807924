import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { authorize, cors, Problem, readJson, send, sendRead } from "./http";
import type { FakeBatch, FakeLimit } from "./sim/model";
import { answer } from "./routes";
import { workOff } from "./bulkActions";
import { files } from "./files";
import { seeded } from "./sim/seed";
import type { Sim } from "./sim/sim";
import { uuid } from "./sim/rng";

export interface FakeOptions {
  seed?: number;
  jobs?: number;
  arrivals?: number;
  port?: number;
}

/** Switches for tests, set by POST /__fake: milliseconds of delay, and a status for paths that begin like this. */
interface Switches {
  latencyMs: number;
  fail: { path: string; status: number } | null;
}

/** An API that keeps the contract, over a simulation that lives. */
export async function startFake({ seed = 7, jobs = 300, arrivals = 0.5, port = 0 }: FakeOptions = {}) {
  const switches: Switches = { latencyMs: 0, fail: null };
  const state: { sim: Sim | null } = { sim: null };
  const server = createServer(
    (request, response) => void handle(state.sim, switches, reset, request, response),
  );
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  function reset(options: FakeOptions = {}): Sim {
    const chosen = { seed, jobs, arrivals, ...options };
    Object.assign(switches, { latencyMs: 0, fail: null });
    state.sim = seeded(
      { seed: chosen.seed, arrivals: chosen.arrivals, clock: Date.now, filesUrl: `${url}/s3` },
      chosen.jobs,
    );
    return state.sim;
  }
  reset();
  const timer = setInterval(() => {
    if (!state.sim) return;
    state.sim.tick();
    workOff(state.sim);
  }, 100);
  return { url, server, reset, close: () => stop(server, timer) };
}

/** The committed document of the API that this one imitates. */
function contract(): unknown {
  return JSON.parse(readFileSync(new URL("../../docs/openapi.json", import.meta.url), "utf8"));
}

async function stop(server: Server, timer: NodeJS.Timeout): Promise<void> {
  clearInterval(timer);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

async function handle(
  sim: Sim | null,
  switches: Switches,
  reset: (options: FakeOptions) => Sim,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  cors(request, response);
  const correlationId = uuid(Math.random);
  response.setHeader("X-Correlation-Id", correlationId);
  const url = new URL(request.url ?? "/", "http://127.0.0.1");
  try {
    if (!sim || request.method === "OPTIONS") {
      response.writeHead(204).end();
    } else if (url.pathname === "/__fake") {
      send(response, 200, await control(sim, switches, reset, request));
    } else if (url.pathname.startsWith("/s3")) {
      await files(sim, request, response, url.pathname.slice(4));
    } else {
      if (switches.latencyMs) await new Promise((resolve) => setTimeout(resolve, switches.latencyMs));
      if (switches.fail && url.pathname.startsWith(switches.fail.path))
        throw new Problem(switches.fail.status, "Internal Server Error", "Something went wrong on our side.");
      if (url.pathname === "/openapi.json") {
        authorize(request, "viewer");
        send(response, 200, contract());
        return;
      }
      const { status = 200, body, headers = {} } = await answer(sim, request, url);
      if (request.method === "GET" && status === 200) sendRead(request, response, body);
      else send(response, status, body, headers);
    }
  } catch (error) {
    const problem =
      error instanceof Problem ? error : new Problem(500, "Internal Server Error", String(error));
    const { status, title, detail, errors } = problem;
    send(response, status, {
      type: "about:blank",
      title,
      status,
      detail,
      errors,
      correlation_id: correlationId,
    });
  }
}

type Order = {
  reset?: FakeOptions;
  add?: { type: string; payload: Record<string, never>; more?: object }[];
  retire?: string[];
  enqueues?: Record<string, string[]>;
  pauses?: Record<string, { by?: string; reason: string; next_probe_at?: string }>;
  rates?: Sim["rates"];
  fairBy?: Record<string, string>;
  declared?: Sim["declared"];
  batches?: FakeBatch[];
  limits?: FakeLimit[];
} & Partial<Switches>;

/** Test orders: begin anew, add jobs as they are, slow down, fail. */
async function control(
  sim: Sim,
  switches: Switches,
  reset: (options: FakeOptions) => Sim,
  request: IncomingMessage,
) {
  const {
    reset: anew,
    add = [],
    retire = [],
    enqueues = {},
    pauses = {},
    rates = {},
    fairBy = {},
    declared = {},
    batches = [],
    limits = [],
    ...rest
  } = (await readJson(request)) as Order;
  const target = anew ? reset(anew) : sim;
  Object.assign(switches, rest);
  for (const type of retire) target.retired.add(type);
  Object.assign(target.enqueues, enqueues);
  Object.assign(target.rates, rates);
  for (const [type, pause] of Object.entries(pauses))
    target.paused.set(type, { since: target.now(), by: "JobFlow", ...pause });
  Object.assign(target.fairBy, fairBy);
  Object.assign(target.declared, declared);
  target.batches.push(...batches);
  target.limits.push(...limits);
  return { ids: add.map(({ type, payload, more }) => target.add(type, payload, more).id) };
}
