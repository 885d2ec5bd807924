import { render } from "@testing-library/react";
import { expect, test } from "vitest";
import { PaceNote } from "./PaceNote";

const text = (rate: { n: number; per: number } | null, pacedForS: number | null) =>
  render(<PaceNote rate={rate} pacedForS={pacedForS} />).container.textContent;

test("a type with a rate says it, and how long that makes what waits", () => {
  expect(text({ n: 14, per: 1 }, 7200)).toBe("14 a second; 2 h to drain");
  expect(text({ n: 1, per: 3600 }, 0)).toBe("1 an hour");
  expect(text({ n: 30, per: 10 }, null)).toBe("30 in 10 s");
  expect(text({ n: 600, per: 60 }, 90)).toMatch(/^600 a minute; .* to drain$/);
});

test("a type without a rate says nothing", () => {
  expect(text(null, 100)).toBe("");
});
