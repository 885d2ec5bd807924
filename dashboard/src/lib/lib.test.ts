import { expect, test } from "vitest";
import { brief, bytes, oneLine, percent } from "./format";
import { count, plural } from "@/texts/numbers";
import { parse, parseJson, pretty, rounded, stringify, toInteger, type Json, type JsonObject } from "./json";
import { jsonLines } from "./jsonLines";
import { clock, countdown, duration, exact, fromInput, parseSpan, relative, spell, toInput } from "./time";

const T = Date.parse("2026-11-25T00:42:39.123Z");

test.each([
  [0, "0 ms"],
  [-5, "0 ms"],
  [999.6, "999 ms"],
  [1000, "1.0 s"],
  [9999, "9.9 s"],
  [59_999, "59 s"],
  [65_000, "1m 05s"],
  [3_600_000, "1h 00m"],
  [90_000_000, "1d 1h"],
  [172_800_000, "2d"],
])("a duration of %d ms reads %s", (ms, text) => expect(duration(ms)).toBe(text));

test("ages, spans and countdowns", () => {
  expect(relative(T, T + 500)).toBe("just now");
  expect(relative(T, T + 61_000)).toBe("1 min ago");
  expect(relative(T + 7_200_000, T)).toBe("in 2 h");
  expect(spell(86_400_000)).toBe("1 d");
  expect([countdown(0), countdown(1), countdown(59_500), countdown(65_000), countdown(7_209_000)]).toEqual([
    "0 s",
    "1 s",
    "1:00",
    "1:05",
    "2 h 00 min",
  ]);
  expect([parseSpan("15m"), parseSpan("7d"), parseSpan("7 d"), parseSpan("")]).toEqual([
    900_000,
    604_800_000,
    null,
    null,
  ]);
});

test("an exact time names its zone and keeps the milliseconds", () => {
  expect(exact(T, "utc")).toBe("25 Nov 2026, 00:42:39.123 UTC");
  expect(clock(T, "utc")).toBe("00:42:39");
});

test("a time goes into an input and comes out of it, to the minute, in either zone", () => {
  expect(toInput(T, "utc")).toBe("2026-11-25T00:42");
  for (const zone of ["utc", "local"] as const) {
    expect(fromInput(toInput(T, zone), zone)).toBe(Math.floor(T / 60_000) * 60_000);
  }
  expect(fromInput("", "utc")).toBeUndefined();
});

test("numbers never flatter", () => {
  expect(percent(0.9999)).toBe("99.9%");
  expect([percent(1), percent(0.5), percent(0.012)]).toEqual(["100%", "50%", "1.2%"]);
  expect([brief(9999), brief(12_345)]).toEqual(["9,999", "12.3K"]);
  expect([brief(999_949), brief(999_950), brief(7_000_000)]).toEqual(["999.9K", "1M", "7M"]);
  expect(["0", "999", "1,000", "1,234,567", "1,234.5"]).toEqual([0, 999, 1000, 1_234_567, 1234.5].map(count));
  expect([plural(1, "job"), plural(2, "job")]).toEqual(["1 job", "2 jobs"]);
  expect([bytes(12), bytes(48_213), bytes(2_500_000)]).toEqual(["12 B", "48.2 kB", "2.5 MB"]);
  expect(oneLine("a\n  b\tc")).toBe("a b c");
  expect(oneLine("x".repeat(300), 10)).toHaveLength(10);
});

test("broken JSON says where", () => {
  const read = parseJson('{\n  "a": 1,\n  b\n}');
  expect(read.ok).toBe(false);
  expect(!read.ok && read.error).toMatch(/line 3, column 3/);
});

test("integers stay what they are, however long", () => {
  const text =
    '{"id":9007199254740993,"deep":[-12345678901234567890,1,2.5],"text":"9007199254740993 \\" 1","e":1e3}';
  const value = parse(text) as JsonObject;
  expect(value.id).toBe(9007199254740993n);
  expect(value.deep).toEqual([-12345678901234567890n, 1, 2.5]);
  expect(value.text).toBe('9007199254740993 " 1');
  expect(stringify(value)).toBe(text.replace("1e3", "1000"));
  expect(parse(pretty(value))).toEqual(value);
  expect(rounded(value)).toMatchObject({ id: 9007199254740992, deep: [-12345678901234567000, 1, 2.5] });
  expect([toInteger("007"), toInteger("9007199254740992")]).toEqual([7, 9007199254740992n]);
  expect(jsonLines(value, new Set())[1]?.value).toBe(9007199254740993n);
});

test("JSON becomes lines that say the same, folded or not", () => {
  const value = { a: [1, { b: null }], c: {}, "odd key": "x" };
  const lines = jsonLines(value, new Set());
  expect(lines.map((line) => line.kind)).toEqual([
    "open",
    "open",
    "value",
    "open",
    "value",
    "close",
    "close",
    "value",
    "value",
    "close",
  ]);
  expect(lines.at(-2)?.path).toBe('$["odd key"]');
  expect(jsonLines(value, new Set(["$.a"])).map((line) => line.kind)).toEqual([
    "open",
    "folded",
    "value",
    "value",
    "close",
  ]);
});

test("a document may be as deep as its sender likes", () => {
  let deep: Json = 1;
  for (let n = 0; n < 50_000; n++) deep = [deep];
  expect(jsonLines(deep, new Set())).toHaveLength(100_001);
});
