import { render } from "@testing-library/react";
import { expect, test } from "vitest";
import { job, T0 } from "@/test/factories";
import { COLUMNS, Details, fitColumns } from "./columns";

test("columns go when there is no room, the least important first, and id and status never", () => {
  expect(fitColumns(COLUMNS, 5000)).toHaveLength(COLUMNS.length);
  expect(fitColumns(COLUMNS, 740).map((column) => column.key)).toContain("details");
  expect(fitColumns(COLUMNS, 100).map((column) => column.key)).toEqual(["id", "status"]);
});

test("a suspended job's details say what it waits for", () => {
  const text = (event: string | null) => {
    const row = job("a", { status: "suspended", waitsFor: { event, until: T0 } });
    return render(<Details job={row} />).container.textContent;
  };
  expect(text("approved")).toContain("Waits for approved");
  expect(text(null)).toContain("Sleeps until");
});
