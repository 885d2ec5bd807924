import { expect, onTestFinished, test, vi } from "vitest";
import { dollars } from "./dollars";

test.each([
  [0, "$0"],
  [12_340, "$0.0000123"],
  [1, "$0.000000001"],
  [50_000_000, "$0.05"],
  [123_456_789, "$0.123"],
  [999_999_999, "$1.00"],
  [1_234_500_000_000, "$1,234.50"],
  [1_999_999_999, "$2.00"],
])("%d nano-dollars are %s", (nano, text) => {
  expect(dollars(nano)).toBe(text);
});

test("in German, the sign is behind the amount", async () => {
  vi.resetModules();
  onTestFinished(() => {
    vi.resetModules();
  });
  const { speak } = await import("@/texts/texts");
  speak("de", (await import("@/texts/de")).german);
  const german = await import("./dollars");
  expect(german.dollars(1_234_500_000_000)).toBe("1.234,50\u00a0$");
  expect(german.dollars(12_340)).toBe("0,0000123\u00a0$");
});
