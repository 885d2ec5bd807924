import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { detail } from "@/test/factories";
import { showWithin } from "@/test/screen";
import { JobHeader } from "./JobHeader";

const DELETE = { name: "Delete" };

test.each(["the button", "Enter in the reason"])(
  "an operator deletes a finished job with %s",
  async (how) => {
    const sent: { url: string; body: unknown }[] = [];
    vi.stubGlobal("fetch", (url: string, { method, body }: RequestInit) => {
      if (method === "DELETE") sent.push({ url, body: JSON.parse(body as string) });
      return Promise.resolve(new Response("{}"));
    });
    showWithin(<JobHeader job={detail("failed", [])} canAct />);
    await userEvent.click(screen.getByRole("button", DELETE));
    await userEvent.type(await screen.findByLabelText("Reason"), "a test job");
    expect(sent).toEqual([]);
    if (how === "the button") await userEvent.click(screen.getByRole("button", { name: "Delete now" }));
    else await userEvent.type(screen.getByLabelText("Reason"), "{Enter}");
    await waitFor(() => expect(sent).toHaveLength(1));
    expect(sent[0]?.url).toMatch(/\/jobs\/j$/);
    expect(sent[0]?.body).toEqual({ reason: "a test job" });
  },
);

test("a viewer, and a job that has not ended, have no such button", () => {
  showWithin(<JobHeader job={detail("failed", [])} canAct={false} />);
  showWithin(<JobHeader job={detail("processing", [])} canAct />);
  expect(screen.queryByRole("button", DELETE)).toBeNull();
});
