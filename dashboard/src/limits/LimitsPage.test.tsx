import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import type { Limit } from "@/api/limits";
import { signIn, signOut } from "@/session/session";
import { showAt, showWithin } from "@/test/screen";
import { ChangeLimit } from "./ChangeLimit";
import { LimitRows } from "./LimitRows";
import { LimitsPage } from "./LimitsPage";

const SHARED: Limit = {
  ...{ name: "3.provider", label: "provider", allValues: false, shared: true, by: null, value: null },
  ...{ types: ["email.send", "report.generate"], declared: true, inCode: 20, n: 20, differs: false },
  ...{ per: null, least: 1, most: 100 },
  ...{ changed: null, inUse: 5, waits: false, waiting: 0, waitingMore: false },
};
const CHANGED: Limit = {
  ...SHARED,
  ...{ n: 5, differs: true, waits: true, waiting: 100, waitingMore: true },
  changed: { value: null, n: 5, by: "ada", reason: "The provider is slow", at: Date.now(), inForce: true },
};

afterEach(() => {
  signOut();
  vi.unstubAllGlobals();
});

/** Let the API say the role; return the requests that change something. */
function changes(role: string): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", (url: string, { method = "GET", body }: RequestInit = {}) => {
    if (method !== "GET") asked.push(`${method} ${url.split("/limits/")[1]} ${body as string}`);
    return Promise.resolve(Response.json(method === "GET" ? { role, label: "ada" } : {}));
  });
  signIn("a token");
  return asked;
}

test("a changed limit shows both numbers, who changed it and why, and how many wait", () => {
  showWithin(<LimitRows limits={[CHANGED]} />);
  for (const text of [
    "in the code: 20",
    "5 of 5",
    "100+",
    "The provider is slow",
    "email.send, report.generate",
  ])
    screen.getByText(text);
  screen.getByText(/^Changed by ada/);
});

/** Show the page at an address, with these limits in the API's answer. */
function showPage(address: string, limits: object[]) {
  vi.stubGlobal("fetch", (url: string) =>
    Promise.resolve(
      Response.json(url.endsWith("/limits") ? { limits, more: false } : { role: "viewer", label: "ada" }),
    ),
  );
  signIn("a token");
  showAt(address, { "/limits": LimitsPage });
}

const WIRE = {
  ...{ name: "0.invoice.export", label: "invoice.export", all_values: true, shared: false, by: "customer" },
  ...{ value: null, types: ["invoice.export"], declared: true, n_declared: 3, n: 3, differs: false },
  ...{ changed: null, in_use: null, waits: true, waiting: null, waiting_more: false },
};
const changedTo = (value: string | null) => ({
  ...{ value, n: 1, by: "ada", reason: "", at: new Date().toISOString(), in_force: true },
});

test("the page counts limits, not the values for which jobs wait, and numbers that were changed", async () => {
  const value = (name: string) => ({ ...WIRE, all_values: false, value: name, in_use: 3, waiting: 1 });
  const acme = { ...value("acme"), n: 1, differs: true, changed: changedTo("acme") };
  showPage("/limits", [WIRE, acme, value("bolt"), value("cord")]);
  await screen.findByText("1 limit, 1 number changed at run time");
});

test("a type's limits are shown alone", async () => {
  const other = { ...WIRE, name: "1.mail.send", label: "mail.send", by: null, types: ["mail.send"] };
  showPage("/limits?type=mail.send", [WIRE, { ...other, all_values: false }]);
  await screen.findByRole("link", { name: "mail.send" });
  expect(screen.queryByRole("link", { name: "invoice.export" })).toBeNull();
});

test("an operator changes the number with a reason, and no other than the API takes", async () => {
  const asked = changes("operator");
  showWithin(<ChangeLimit limit={SHARED} />);
  await userEvent.click(await screen.findByRole("button", { name: "Change the limit provider" }));
  const number = await screen.findByRole("textbox", { name: "Jobs at once" });
  for (const wrong of ["101", "-1", "1.5"]) {
    await userEvent.clear(number);
    await userEvent.type(number, `${wrong}{Enter}`);
    expect(screen.getByRole<HTMLButtonElement>("button", { name: "Change" }).disabled).toBe(true);
  }
  await userEvent.clear(number);
  await userEvent.type(number, "5");
  await userEvent.type(screen.getByRole("textbox", { name: "Reason" }), "The provider is slow{Enter}");
  await waitFor(() => expect(asked).toEqual(['PUT 3.provider {"n":5,"reason":"The provider is slow"}']));
});

test("a rate shows and takes starts in its period, and no number that it may not have", async () => {
  const asked = changes("operator");
  const rate: Limit = {
    ...{ ...SHARED, name: "3-rate.provider", label: "provider", inCode: 50, n: 10, differs: true },
    ...{ per: 60, least: 7, most: 3000 },
  };
  showWithin(
    <>
      <LimitRows limits={[rate]} />
      <ChangeLimit limit={rate} />
    </>,
  );
  for (const text of ["10 a minute", "in the code: 50", "5"]) screen.getByText(text);
  await userEvent.click(await screen.findByRole("button", { name: "Change the limit provider" }));
  const number = await screen.findByRole("textbox", { name: "Starts a minute" });
  for (const wrong of ["6", "3001"]) {
    await userEvent.clear(number);
    await userEvent.type(number, `${wrong}{Enter}`);
    expect(screen.getByRole<HTMLButtonElement>("button", { name: "Change" }).disabled).toBe(true);
  }
  await userEvent.clear(number);
  await userEvent.type(number, "3000{Enter}");
  await waitFor(() => expect(asked).toEqual(['PUT 3-rate.provider {"n":3000}']));
});

test("a change of the limit itself is reset", async () => {
  const asked = changes("operator");
  showWithin(<ChangeLimit limit={CHANGED} />);
  const name = "Reset provider to the code";
  await userEvent.click(await screen.findByRole("button", { name }));
  await userEvent.click(within(await screen.findByRole("dialog")).getByRole("button", { name }));
  await waitFor(() => expect(asked).toEqual([expect.stringMatching(/^DELETE 3\.provider/)]));
});

test("one value of a limit that was changed for all has no change of its own to reset", async () => {
  changes("operator");
  const changed = { value: null, n: 1, by: "ada", reason: "", at: 0, inForce: true };
  showWithin(<ChangeLimit limit={{ ...SHARED, name: "0.email.send", value: "acme", changed }} />);
  await screen.findByRole("button", { name: /^Change/ });
  expect(screen.queryByRole("button", { name: /^Reset/ })).toBeNull();
});

test("a viewer sees no button, and who may change the number", async () => {
  changes("viewer");
  showWithin(<ChangeLimit limit={CHANGED} />);
  await screen.findByText("Operators can change the number.");
  expect(screen.queryAllByRole("button")).toEqual([]);
});
