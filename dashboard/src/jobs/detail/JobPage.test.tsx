import { cleanup, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import { asking } from "@/jobs/actions/actions";
import { signIn, signOut } from "@/session/session";
import { showAt } from "@/test/screen";
import { JobPage } from "./JobPage";

const ID = "6a1de45f-45b5-4cf2-8fa3-0f8b5a0bd1b0";
const AT = "2026-11-25T00:42:39.123Z";
const JOB = {
  ...{
    id: ID,
    type: "person.greet",
    status: "failed",
    payload_bytes: 30,
    attempts: 1,
    max_attempts: 3,
    gen: 1,
  },
  ...{ created_at: AT, updated_at: AT, started_at: AT, finished_at: AT, tags: [], attempt_history: [] },
  ...{
    actions: [],
    correlation_id: "",
    steps: 0,
    notify: [],
    result: null,
    payload: null,
    next_attempts: [],
  },
};

afterEach(() => {
  signOut();
  asking.set(null);
  vi.unstubAllGlobals();
});

test("r retries a failed job, and asks nothing about one without its payload", async () => {
  for (const [removed, asked] of [
    [null, "retry"],
    [AT, undefined],
  ] as const) {
    vi.stubGlobal("fetch", (url: string) => {
      if (url.endsWith("/me")) return Promise.resolve(Response.json({ role: "operator", label: "" }));
      if (!url.endsWith(ID)) return Promise.resolve(new Response("{}", { status: 404 }));
      return Promise.resolve(Response.json({ ...JOB, payload_removed_at: removed }));
    });
    signIn("a-token");
    showAt(`/jobs/${ID}`, { "/jobs/$id": JobPage });
    await screen.findByRole("link", { name: "Duplicate" });
    await userEvent.keyboard("r");
    const question = asking.get();
    expect(question?.kind === "one" ? question.action : undefined).toBe(asked);
    asking.set(null);
    signOut();
    cleanup();
  }
});
