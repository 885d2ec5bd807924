import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRouter,
  RouterContextProvider,
} from "@tanstack/react-router";
import { render } from "@testing-library/react";
import type { ReactNode } from "react";
import { vi } from "vitest";

/** Show a part of a screen that sends requests and contains links. */
export function showWithin(children: ReactNode) {
  const history = createMemoryHistory();
  const router = createRouter({ routeTree: createRootRoute(), history });
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <QueryClientProvider client={client}>
      <RouterContextProvider router={router as never}>{children}</RouterContextProvider>
    </QueryClientProvider>,
  );
}

/** An answer of the API to a POST; "lost" means that no answer comes. */
export type Told = "lost" | { status: number; body?: object; headers?: Record<string, string> };

/**
 * Let the API answer each POST with the next of these answers, and every GET with `read`; return the keys of the POSTs.
 */
export function keysOfPosts(read: (url: string) => object, ...answers: Told[]): (string | undefined)[] {
  const keys: (string | undefined)[] = [];
  vi.stubGlobal("fetch", (url: string, { method, headers }: RequestInit) => {
    if (method !== "POST") return Promise.resolve(new Response(JSON.stringify(read(url))));
    const told = answers[keys.length] ?? "lost";
    keys.push((headers as Record<string, string>)["Idempotency-Key"]);
    if (told === "lost") return Promise.reject(new TypeError("Failed to fetch"));
    const { status, body = {}, headers: sent = {} } = told;
    return Promise.resolve(new Response(JSON.stringify(body), { status, headers: sent }));
  });
  return keys;
}
