import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  RouterContextProvider,
  RouterProvider,
} from "@tanstack/react-router";
import { render } from "@testing-library/react";
import type { ReactNode } from "react";
import { vi } from "vitest";

/** Show a part of a screen that sends requests and contains links. */
export function showWithin(children: ReactNode) {
  const history = createMemoryHistory();
  const router = createRouter({ routeTree: createRootRoute(), history });
  render(
    <QueryClientProvider client={oneTry()}>
      <RouterContextProvider router={router as never}>{children}</RouterContextProvider>
    </QueryClientProvider>,
  );
}

/** Show the page at an address; `pages` by their paths. */
export function showAt(address: string, pages: Record<string, () => ReactNode>) {
  const root = createRootRoute();
  const routes = Object.entries(pages).map(([path, component]) =>
    createRoute({ getParentRoute: () => root, path, component }),
  );
  const history = createMemoryHistory({ initialEntries: [address] });
  const router = createRouter({ routeTree: root.addChildren(routes), history });
  render(
    <QueryClientProvider client={oneTry()}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  );
}

const oneTry = () => new QueryClient({ defaultOptions: { queries: { retry: false } } });

/** An answer of the API to a POST; "lost" means that no answer comes. */
export type Told = "lost" | { status: number; body?: object; headers?: Record<string, string> };

/**
 * Let the API answer each POST that has a key with the next of these answers, and all else with `read`; return the keys.
 */
export function keysOfPosts(read: (url: string) => object, ...answers: Told[]): string[] {
  const keys: string[] = [];
  vi.stubGlobal("fetch", (url: string, { method, headers }: RequestInit) => {
    const key = (headers as Record<string, string> | undefined)?.["Idempotency-Key"];
    // a form of the test before may still ask for something by POST
    if (method !== "POST" || key === undefined)
      return Promise.resolve(new Response(JSON.stringify(read(url))));
    const told = answers[keys.length] ?? "lost";
    keys.push(key);
    if (told === "lost") return Promise.reject(new TypeError("Failed to fetch"));
    const { status, body = {}, headers: sent = {} } = told;
    return Promise.resolve(new Response(JSON.stringify(body), { status, headers: sent }));
  });
  return keys;
}
