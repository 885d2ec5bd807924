import { render } from "@testing-library/react";
import { expect, test } from "vitest";
import { PaceNote } from "./PaceNote";

const text = (rate: { n: number; per: number } | null, pacedForS: number | null) =>
  render(<PaceNote rate={rate} pacedForS={pacedForS} />).container.textContent;

test("a type with a rate says it, and how long that makes what waits", () => {
  expect(text({ n: 14, per: 1 }, 7200)).toBe("Starts 14 a second; empty in about 2 h");
  expect(text({ n: 1, per: 3600 }, 0)).toBe("Starts 1 an hour");
  expect(text({ n: 30, per: 10 }, null)).toBe("Starts 30 every 10 s");
  expect(text({ n: 600, per: 60 }, 90)).toMatch(/^Starts 600 a minute; empty in about .*$/);
});

test("a type without a rate says nothing", () => {
  expect(text(null, 100)).toBe("");
});
