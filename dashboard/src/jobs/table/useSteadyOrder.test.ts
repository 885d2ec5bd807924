import { renderHook } from "@testing-library/react";
import { expect, test } from "vitest";
import { job, T0 } from "@/test/factories";
import { useSteadyOrder } from "./useSteadyOrder";

const ids = (rows: { id: string }[]) => rows.map((row) => row.id).join("");

test("a row whose value changes stays where it is, until another order is asked for", () => {
  const before = [job("a", { attempts: 1 }), job("b", { attempts: 3 }), job("c", { attempts: 2 })];
  const { result, rerender } = renderHook(({ rows, dir }) => useSteadyOrder(rows, "attempt", dir, T0), {
    initialProps: { rows: before, dir: "desc" as "asc" | "desc" },
  });
  expect(ids(result.current)).toBe("bca");
  const after = [job("a", { attempts: 9 }), ...before.slice(1)];
  rerender({ rows: after, dir: "desc" });
  expect(ids(result.current)).toBe("bca");
  expect(result.current.at(-1)?.attempts).toBe(9);
  rerender({ rows: after, dir: "asc" });
  expect(ids(result.current)).toBe("cba");
  rerender({ rows: [...after, job("d", { attempts: 0 })], dir: "asc" });
  expect(ids(result.current)).toBe("dcba");
});
