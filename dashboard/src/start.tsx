import { QueryClient } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApiError } from "./api/numbers/errors";
import { jobPages } from "./api/jobs/jobs";
import { health } from "./api/numbers/health";
import { loadMeta } from "./api/meta";
import { metrics } from "./api/numbers/metrics";
import { me } from "./api/types";
import { App } from "./app";
import { loadConfig } from "./config";
import { readSearch, toFilter } from "./jobs/search";
import { releaseKeys } from "./lib/heldKeys";
import { makeRouter } from "./router";
import { followSystemTheme } from "./session/prefs";
import { startSession } from "./session/session";
import { readToken } from "./session/token";
import { t } from "@/texts/en/base";

/** Milliseconds for which the first paint waits for the first answers; answers that come later replace placeholders. */
const PATIENCE_MS = 300;

/** Show the app; if the first answers of the API come within `PATIENCE_MS`, show it with them. */
export async function start(root: HTMLElement): Promise<void> {
  try {
    await loadConfig();
  } catch (error) {
    root.textContent = t.notConfigured(String(error));
    return;
  }
  startSession();
  followSystemTheme();
  const client = makeClient();
  const router = makeRouter();
  const patience = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
  await Promise.allSettled([router.load(), Promise.race([firstAnswers(client), patience])]);
  createRoot(root).render(
    <StrictMode>
      <App client={client} router={router} />
    </StrictMode>,
  );
  releaseKeys(() => document.querySelector("main") !== null && !document.querySelector('[aria-busy="true"]'));
}

async function firstAnswers(client: QueryClient): Promise<void> {
  const token = readToken();
  if (token === null) return;
  const asked: Promise<unknown>[] = [client.query(me(token)), loadMeta()];
  if (location.pathname === "/dashboard") {
    const search = readSearch(Object.fromEntries(new URLSearchParams(location.search)));
    const rows = jobPages(toFilter(search, Date.now()));
    asked.push(client.query(metrics()), client.query(health()));
    // The request for a range up to now differs from the same request a moment later.
    if (!search.range) asked.push(client.infiniteQuery({ ...rows, gcTime: 10 * PATIENCE_MS }));
  }
  await Promise.allSettled(asked); // a failure is reported by the component that shows the data
}

/** Try once more, unless the API refused the request. */
function worthAnother(times: number, error: Error): boolean {
  return times < 1 && !(error instanceof ApiError && error.status < 500);
}

function makeClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      // The browser's offline state says nothing about the API: always send the request.
      queries: { networkMode: "always", retry: worthAnother, retryDelay: 800, staleTime: 1000 },
      mutations: { networkMode: "always" },
    },
  });
}
