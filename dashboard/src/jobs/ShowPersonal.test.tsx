import { useQuery } from "@tanstack/react-query";
import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import { jobOne } from "@/api/jobs/jobs";
import { shownJob } from "@/api/personal";
import { Payload } from "@/jobs/detail/JobAside";
import { KeptSteps } from "@/jobs/detail/KeptSteps";
import { signIn, signOut, useMe } from "@/session/session";
import { detail } from "@/test/factories";
import { showWithin } from "@/test/screen";
import { useHiddenOnLeave } from "./ShowPersonal";

const ID = "6a1de45f-45b5-4cf2-8fa3-0f8b5a0bd1b0";
const VALUE = "ada@example.com";
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
  ...{
    created_at: AT,
    updated_at: AT,
    started_at: AT,
    finished_at: AT,
    tags: [],
    attempt_history: [],
    actions: [],
  },
  ...{ correlation_id: "", steps: 0, notify: [], result: null },
};

const STEP = {
  kind: "step",
  name: "charge",
  kept_at: AT,
  took_s: 1,
  until: null,
  by: null,
  timed_out: false,
};

/** An API that answers with values only if the request does not ask for masks. */
function answering(personal: boolean): void {
  vi.stubGlobal("fetch", (url: string, { headers }: RequestInit) => {
    const hidden = new Headers(headers).get("Accept")?.includes("personal=hide");
    const job = { ...JOB, payload: { mail: hidden || !personal ? "[personal]" : VALUE } };
    const steps = [{ ...STEP, value: hidden || !personal ? null : VALUE }];
    if (url.endsWith("/me")) return Promise.resolve(Response.json({ role: "operator", label: "", personal }));
    return Promise.resolve(Response.json(url.endsWith("/steps") ? { steps, older: false } : job));
  });
  signIn("a-token");
}

function Page() {
  useHiddenOnLeave(ID);
  const { role } = useMe();
  const { data } = useQuery(jobOne(ID));
  return (
    <>
      <p>{role}</p>
      {data && <Payload job={data} />}
    </>
  );
}

afterEach(() => {
  signOut();
  shownJob.set(null);
  vi.unstubAllGlobals();
});

test("a value is hidden until somebody who may see it asks for it, and hidden again", async () => {
  answering(true);
  showWithin(<Page />);
  await screen.findByText(/\[personal\]/);
  expect(document.body.textContent).not.toContain(VALUE);
  await userEvent.click(await screen.findByRole("button", { name: "Show personal fields" }));
  await screen.findByText(new RegExp(VALUE));
  await userEvent.click(screen.getByRole("button", { name: "Hide personal fields" }));
  await waitFor(() => expect(document.body.textContent).not.toContain(VALUE));
});

test("a value is hidden again although the API does not answer", async () => {
  answering(true);
  showWithin(<Page />);
  await userEvent.click(await screen.findByRole("button", { name: "Show personal fields" }));
  await screen.findByText(new RegExp(VALUE));
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("offline")));
  await userEvent.click(screen.getByRole("button", { name: "Hide personal fields" }));
  await waitFor(() => expect(document.body.textContent).not.toContain(VALUE));
});

test("the values of kept steps can be shown where neither the payload nor the result has a mask", async () => {
  answering(true);
  showWithin(<KeptSteps job={detail("failed", [], { id: ID, steps: 1 })} />);
  await screen.findByText("charge");
  expect(document.body.textContent).not.toContain(VALUE);
  await userEvent.click(await screen.findByRole("button", { name: "Show personal fields" }));
  await screen.findByText(`"${VALUE}"`);
  await userEvent.click(screen.getByRole("button", { name: "Hide personal fields" }));
  await waitFor(() => expect(document.body.textContent).not.toContain(VALUE));
});

test("who may not see it is not offered to", async () => {
  answering(false);
  showWithin(<Page />);
  await screen.findByText(/\[personal\]/);
  await screen.findByText("operator");
  expect(screen.queryByRole("button", { name: /personal/ })).toBeNull();
});
