import { cleanup, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { JobType } from "@/api/types";
import { keysOfPosts, showWithin, type Told } from "@/test/screen";
import { Toaster } from "@/ui/overlay/toast";
import { CreateForm } from "./CreateForm";

/** A new job in each test: the texts about a job stay on the screen for seconds. */
const job = (number: number) => ({ id: `${number}a1de45f-45b5-4cf2-8fa3-0f8b5a0bd1b0`, tags: [] });
const made = (number: number): Told => ({ status: 201, body: job(number) });
const there = (number: number, headers: Record<string, string>): Told => ({
  status: 200,
  body: job(number),
  headers,
});
const REPEATED = { "Idempotent-Replayed": "true" };
const schema = { type: "object", properties: { text: { type: "string" } } };
const kind = (type: string): JobType => ({
  ...{ type, title: type, description: "", schema, example: { text: "Hi" }, maxAttempts: 3, retryWaits: [] },
  ...{ giveUpAfter: null, timeout: 60, budget: 60, batchSize: 1, concurrency: 2, memory: 128, rate: null },
  ...{
    expires: null,
    onEnd: null,
    spending: null,
    retryOn: [],
    failOn: [],
    limits: [],
    rates: [],
    urgent: false,
    fairBy: null,
    serialBy: null,
    queue: null,
    pauseWhen: null,
    unique: null,
    enqueues: [],
    retired: false,
  },
});

beforeEach(() => sessionStorage.clear());
afterEach(() => vi.unstubAllGlobals());

function show(...answers: Told[]) {
  const keys = keysOfPosts(() => ({ jobs: [], total: 0, next_cursor: null }), ...answers);
  showWithin(
    <>
      <CreateForm
        types={[kind("note.write"), kind("note.read")]}
        source={null}
        edit={false}
        asked="note.write"
      />
      <Toaster />
    </>,
  );
  const user = userEvent.setup();
  const send = async () => {
    const before = keys.length;
    await user.click(await screen.findByRole("button", { name: "Create job" }));
    await vi.waitFor(() => expect(keys).toHaveLength(before + 1));
    await screen.findByRole("button", { name: "Create job" });
  };
  return { keys, user, send };
}

test("a job is sent again under the same key when its answer was lost, and under another one afterwards", async () => {
  const { keys, send } = show("lost", there(1, REPEATED), made(2));
  await send();
  await send();
  expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(keys[1]).toBe(keys[0]);
  expect(await screen.findByText(/^Job 1a1de45f.* created/)).toBeTruthy();
  await send();
  expect(keys[2]).not.toBe(keys[0]);
});

test("a changed job is another one", async () => {
  const { keys, user, send } = show("lost", "lost", "lost", "lost");
  await send();
  await user.type(screen.getByLabelText("Text"), "!");
  await send();
  await user.type(screen.getByLabelText("Attempts"), "2");
  await send();
  await user.click(screen.getByRole("radio", { name: /^note\.read/ }));
  await send();
  expect(new Set(keys).size).toBe(4);
});

test("a key that was typed is sent as it is, and a job that has it already is told", async () => {
  const { keys, user, send } = show("lost", there(3, REPEATED));
  await user.type(screen.getByLabelText("Idempotency key"), "order-1042");
  await send();
  await send();
  expect(keys).toEqual(["order-1042", "order-1042"]);
  expect(await screen.findByText(/^Already exists: 3a1de45f/)).toBeTruthy();
});

test("a job that is there for another reason is told without a typed key, too", async () => {
  const { send } = show(there(4, { "Existing-Job": "unique" }));
  await send();
  expect(await screen.findByText(/^Already exists: 4a1de45f/)).toBeTruthy();
});

test("only a type with limits or an urgent queue has a priority, and a draft keeps it only as long as the type has some", async () => {
  const limited = { ...kind("note.limited"), limits: [{ n: 1, by: null, shared: null }] };
  const form = (types: JobType[]) => (
    <CreateForm types={types} source={null} edit={false} asked={types[0]?.type} />
  );
  showWithin(form([limited, kind("note.write"), { ...kind("note.urged"), urgent: true }]));
  const user = userEvent.setup();
  await user.selectOptions(await screen.findByLabelText("Priority"), "low");
  await user.click(screen.getByRole("radio", { name: /^note\.write/ }));
  expect(screen.queryByLabelText("Priority")).toBeNull();
  await user.click(screen.getByRole("radio", { name: /^note\.urged/ }));
  expect(screen.getByLabelText("Priority")).toBeTruthy();
  await user.click(screen.getByRole("radio", { name: /^note\.limited/ }));
  expect(screen.getByLabelText<HTMLSelectElement>("Priority").value).toBe("low");
  cleanup();
  const bodies: string[] = [];
  vi.stubGlobal("fetch", (_: string, { method, body }: RequestInit) => {
    if (method === "POST") bodies.push(body as string);
    return Promise.resolve(Response.json(method === "POST" ? job(9) : { jobs: [], next_cursor: null }));
  });
  showWithin(form([{ ...limited, limits: [] }]));
  await user.click(await screen.findByRole("button", { name: "Create job" }));
  await vi.waitFor(() => expect(bodies).toHaveLength(1));
  expect(JSON.parse(bodies[0] ?? "")).not.toHaveProperty("priority");
});

test("a page without encryption makes keys as well", async () => {
  vi.stubGlobal("crypto", { getRandomValues: crypto.getRandomValues.bind(crypto) });
  const { keys, send } = show(made(5));
  await send();
  expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
});
