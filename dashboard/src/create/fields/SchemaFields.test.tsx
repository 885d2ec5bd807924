import { readFileSync } from "node:fs";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { expect, test } from "vitest";
import type { JsonObject } from "@/lib/json";
import { setPrefs } from "@/session/prefs";
import { SchemaFields } from "./SchemaFields";
import { fieldsOf } from "./controls";
import { validate } from "./validate";

const types = JSON.parse(readFileSync("fake/sim/job-types.json", "utf8")) as {
  type: string;
  schema: JsonObject;
}[];

function show(type: string, start: JsonObject) {
  return showSchema(types.find((one) => one.type === type)?.schema ?? {}, start);
}

function showSchema(schema: JsonObject, start: JsonObject) {
  const seen: { payload: JsonObject } = { payload: start };
  function Form() {
    const [payload, setPayload] = useState(start);
    seen.payload = payload;
    return (
      <SchemaFields
        fields={fieldsOf(schema)}
        value={payload}
        problems={validate(schema, payload)}
        onChange={setPayload}
      />
    );
  }
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Form />
    </QueryClientProvider>,
  );
  return seen;
}

test("what is typed becomes the payload, in the schema's order", async () => {
  const user = userEvent.setup();
  const seen = show("email.send", { to: [] });
  await user.click(screen.getByRole("button", { name: "Add: To" }));
  await user.type(screen.getByLabelText("To 1"), "ada@example.com");
  await user.type(screen.getByRole("textbox", { name: /^Subject/ }), "Hello");
  expect(JSON.stringify(seen.payload)).toBe('{"subject":"Hello","to":["ada@example.com"]}');
});

test("a field that is emptied is left out, so that the default counts", async () => {
  const user = userEvent.setup();
  const seen = show("image.process", { key: "uploads/a.png", quality: 80 });
  await user.clear(screen.getByLabelText("Quality"));
  expect(seen.payload).toEqual({ key: "uploads/a.png" });
  expect(screen.getByLabelText("Quality")).toHaveProperty("placeholder", "85");
});

test("a part that may be missing is set and left out again", async () => {
  const user = userEvent.setup();
  const seen = show("image.process", { key: "uploads/a.png" });
  await user.click(screen.getByRole("button", { name: "Add resize" }));
  const resize = within(screen.getByRole("group", { name: "Resize" }));
  expect(seen.payload.resize).toEqual({ width: 800, height: 800 });
  await user.clear(resize.getByRole("textbox", { name: /^Width/ }));
  await user.type(resize.getByRole("textbox", { name: /^Width/ }), "abc");
  expect(resize.getByRole("textbox", { name: /^Width/ }).getAttribute("aria-invalid")).toBe("true");
  await user.click(resize.getByRole("button", { name: "Remove" }));
  expect(seen.payload).toEqual({ key: "uploads/a.png" });
});

test("several of a few are ticked", async () => {
  const user = userEvent.setup();
  const seen = show("report.generate", {});
  await user.click(screen.getByRole("checkbox", { name: "csv" }));
  expect(seen.payload).toEqual({ formats: ["html"] });
});

test("a date-time is picked in the zone of the console and sent in UTC; other text stays text", () => {
  setPrefs({ zone: "utc" });
  const seen = show("report.generate", { from: "2026-11-25T00:42:00Z" });
  const from = screen.getByLabelText<HTMLInputElement>(/^From/);
  expect([from.type, from.value]).toEqual(["datetime-local", "2026-11-25T00:42"]);
  fireEvent.change(from, { target: { value: "2026-11-26T06:00" } });
  expect(seen.payload.from).toBe("2026-11-26T06:00:00Z");
  cleanup();
  show("report.generate", { from: "yesterday" });
  expect(screen.getByLabelText<HTMLInputElement>(/^From/).value).toBe("yesterday");
});

/** The schema that pydantic writes for `time` and `timedelta`. */
const TIMES = {
  type: "object",
  properties: {
    at: { type: "string", format: "time" },
    every: { type: "string", format: "duration" },
  },
};

test("a time of day and a length of time are picked; a text that no picker shows stays a text", async () => {
  const user = userEvent.setup();
  const seen = showSchema(TIMES, { at: "06:00:00Z" });
  const at = screen.getByLabelText<HTMLInputElement>("At");
  expect(at.type).toBe("time");
  expect(at.value, "jsdom leaves out seconds of zero").toMatch(/^06:00(:00)?$/);
  fireEvent.change(at, { target: { value: "07:30" } });
  await user.type(screen.getByLabelText("Every: Hours"), "1x");
  await user.type(screen.getByLabelText("Every: Seconds"), "30");
  expect(seen.payload).toEqual({ at: "07:30:00Z", every: "PT1H0M30S" });
  for (const unit of ["Hours", "Minutes", "Seconds"])
    await user.clear(screen.getByLabelText(`Every: ${unit}`));
  expect(seen.payload, "emptied, it is left out").toEqual({ at: "07:30:00Z" });
  cleanup();
  showSchema(TIMES, { at: "noon", every: "P2W" });
  expect(screen.getByLabelText<HTMLInputElement>("At").value).toBe("noon");
  expect(screen.getByLabelText<HTMLInputElement>("Every").value).toBe("P2W");
});

test("a time without an offset and a duration with a gap are right, as for the API; others are told how", () => {
  for (const good of [
    { at: "06:00:00" },
    { at: "06:00Z" },
    { every: "PT1H30S" },
    { every: "-PT0.5S" },
    { every: "P2W" },
  ])
    expect(validate(TIMES, good), JSON.stringify(good)).toEqual({});
  expect(validate(TIMES, { at: "25:00" })).toEqual({ at: "Use a time like 06:00:00." });
  expect(validate(TIMES, { every: "5 minutes" })).toEqual({ every: "Use a duration like PT5M or P1DT2H." });
  expect(validate(TIMES, { every: "" }), "nothing was written").toEqual({ every: "Required." });
});
