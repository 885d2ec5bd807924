import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { ApiError } from "./api/errors";
import { makeRouter } from "./router";

/** A refusal stays a refusal; anything else may be better in a moment. */
function worthAnother(times: number, error: Error): boolean {
  return times < 1 && !(error instanceof ApiError && error.status < 500);
}

const client = new QueryClient({
  defaultOptions: {
    // What the browser thinks of the network is not what the API thinks: always ask.
    queries: { networkMode: "always", retry: worthAnother, retryDelay: 800, staleTime: 1000 },
    mutations: { networkMode: "always" },
  },
});
const router = makeRouter();

export function App() {
  return (
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  );
}
