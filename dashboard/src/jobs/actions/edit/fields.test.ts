import { expect, test } from "vitest";
import { job } from "@/test/factories";
import { fieldsOf, preview, valueOf } from "./fields";

const order = (id: string, currency: string, amount: number | bigint) =>
  job(id, { status: "failed", payload: { order: { currency }, amount, items: [{ price: 1 }] } });
const jobs = [order("a", "USD", 5), order("b", "EUR", 9007199254740993n), order("c", "USD", 5)];

test("each field of the payloads is offered with its values, the most frequent first", () => {
  expect(fieldsOf([...jobs, job("d", { payload: null })])).toEqual([
    { path: "order.currency", values: [['"USD"', 2], ['"EUR"', 1]] },
    { path: "amount", values: [["5", 2], ["9007199254740993", 1]] },
    { path: "items.0.price", values: [["1", 3]] },
  ]); // prettier-ignore
});

test("a text is typed without quotes, and everything else as JSON", () => {
  const [currency, amount] = fieldsOf(jobs);
  if (!currency || !amount) throw new Error("No fields.");
  expect(valueOf(currency, "EUR")).toEqual({ ok: true, value: "EUR" });
  expect(valueOf(currency, "12")).toEqual({ ok: true, value: "12" });
  expect(valueOf(amount, "12")).toEqual({ ok: true, value: 12 });
  expect(valueOf(amount, "twelve").ok).toBe(false);
});

test("the preview names the jobs whose value changes, and counts the others", () => {
  const shown = preview([...jobs, job("d", { payload: null })], "order.currency", '"EUR"');
  expect(shown).toEqual({
    changed: [
      { id: "a", before: '"USD"' },
      { id: "c", before: '"USD"' },
    ],
    same: 1,
    unknown: 1,
  });
});

test("a field whose name has a dot or is empty is not offered, because the API would change another one", () => {
  const payload = { "order.currency": "USD", order: { net: 1, "": 2 }, "": 3, rates: [{ "a.b": 4, c: 5 }] };
  expect(fieldsOf([job("a", { payload })]).map(({ path }) => path)).toEqual(["order.net", "rates.0.c"]);
});
