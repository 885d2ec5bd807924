import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import { keysOfPosts, showWithin } from "@/test/screen";
import type { Schedule } from "@/api/queues/schedules";
import { signIn, signOut } from "@/session/session";
import { Actions } from "./Actions";

afterEach(() => {
  signOut();
  vi.unstubAllGlobals();
});

const NIGHTLY: Schedule = {
  ...{
    id: "nightly",
    type: "note.write",
    cron: "0 6 * * *",
    timezone: "UTC",
    payload: {},
    catchUp: 1,
    expires: null,
  },
  ...{ overlap: "allow", version: "1", startsAt: null, endsAt: null, declared: true, paused: false },
  ...{ problem: null, next: [], last: [], pause: null, missed: [] },
};

test("a schedule is run once when the answer was lost, and again after one that came", async () => {
  const made = { status: 201, body: { id: "6a1de45f" } };
  const mismatch = { status: 422, body: { title: "The Idempotency-Key belongs to another request" } };
  const keys = keysOfPosts(
    () => ({ role: "operator", label: "ada" }),
    ...["lost" as const, { status: 502 }, made, "lost" as const, mismatch, made],
  );
  signIn("a token");
  showWithin(<Actions schedule={NIGHTLY} />);
  const user = userEvent.setup();
  for (let press = 1; press <= 6; press++) {
    const button = await screen.findByRole<HTMLButtonElement>("button", { name: "Run nightly now" });
    await waitFor(() => expect(button.disabled).toBe(false));
    await user.click(button);
    await waitFor(() => expect(keys).toHaveLength(press));
  }
  const [first, second, third, fourth, fifth, sixth] = keys;
  expect([second, third]).toEqual([first, first]);
  expect(fifth).toBe(fourth);
  expect(new Set([first, fourth, sixth]).size).toBe(3);
});
