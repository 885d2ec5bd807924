import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, render, screen, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import type { JobDetail } from "@/api/jobs/jobs";
import { madeBy } from "@/api/jobs/made";
import { jobTypes } from "@/api/types";
import { detail } from "@/test/factories";
import { t } from "@/texts/en/detail";
import { Family } from "./Family";

function show(more: Partial<JobDetail>) {
  const job = detail("completed", [], more);
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity, retry: false } } });
  client.setQueryData(jobTypes().queryKey, []);
  client.setQueryData(madeBy(job.id).queryKey, { jobs: [], more: false, looked: 0 });
  render(
    <QueryClientProvider client={client}>
      <Family job={job} />
    </QueryClientProvider>,
  );
  return { client, key: madeBy(job.id).queryKey };
}

test("a job that tells its end has a place for the job that tells it", () => {
  show({ onEnd: "export.ended" });
  expect(screen.getByText(t.jobsMade)).toBeTruthy();
});

test("a job that tells nobody, of a type that makes no jobs, has none", () => {
  show({});
  expect(screen.queryByText(t.jobsMade)).toBeNull();
});

test("the jobs it made stay on the page while a later answer fails", async () => {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response("{}", { status: 503 })));
  const { client, key } = show({ onEnd: "export.ended" });
  await act(() => client.refetchQueries({ queryKey: key }));
  await waitFor(() => expect(client.getQueryState(key)?.status).toBe("error"));
  expect(screen.getByText(t.madeNothing)).toBeTruthy();
  expect(screen.queryByText(t.couldntLoadMade)).toBeNull();
});
