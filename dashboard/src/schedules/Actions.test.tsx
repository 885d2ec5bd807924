import { screen, waitFor, within } from "@testing-library/react";
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
  ...{
    overlap: "allow",
    priority: "normal",
    version: "1",
    startsAt: null,
    endsAt: null,
    declared: true,
    paused: false,
  },
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
    await user.click(within(await screen.findByRole("dialog")).getByRole("button"));
    await waitFor(() => expect(keys).toHaveLength(press));
  }
  const [first, second, third, fourth, fifth, sixth] = keys;
  expect([second, third]).toEqual([first, first]);
  expect(fifth).toBe(fourth);
  expect(new Set([first, fourth, sixth]).size).toBe(3);
});

test("a pause, a run and a deletion say why, and a resume needs no answer", async () => {
  const bodies: string[] = [];
  vi.stubGlobal("fetch", (url: string, { method = "GET", body }: RequestInit = {}) => {
    if (method !== "GET") bodies.push(`${method} ${url.split("/schedules/")[1]} ${body as string}`);
    return Promise.resolve(Response.json(method === "GET" ? { role: "admin", label: "ada" } : { id: "a" }));
  });
  signIn("a token");
  const user = userEvent.setup();
  showWithin(<Actions schedule={{ ...NIGHTLY, declared: false }} />);
  for (const name of ["Pause nightly", "Run nightly now", "Delete nightly"]) {
    await user.click(await screen.findByRole("button", { name }));
    await user.type(await screen.findByRole("textbox", { name: "Reason" }), " The mail provider is down ");
    await user.click(within(screen.getByRole("dialog")).getByRole("button", { name }));
  }
  const reason = '{"reason":"The mail provider is down"}';
  await waitFor(() =>
    expect(bodies).toEqual([
      `POST nightly/pause ${reason}`,
      `POST nightly/run ${reason}`,
      `DELETE nightly ${reason}`,
    ]),
  );
  showWithin(<Actions schedule={{ ...NIGHTLY, paused: true }} />);
  await user.click(await screen.findByRole("button", { name: "Resume nightly" }));
  await waitFor(() => expect(bodies.at(-1)).toBe("POST nightly/resume {}"));
});
