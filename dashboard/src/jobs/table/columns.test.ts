import { expect, test } from "vitest";
import { COLUMNS, fitColumns } from "./columns";

test("columns go when there is no room, the least important first, and id and status never", () => {
  expect(fitColumns(COLUMNS, 5000)).toHaveLength(COLUMNS.length);
  expect(fitColumns(COLUMNS, 740).map((column) => column.key)).toContain("details");
  expect(fitColumns(COLUMNS, 100).map((column) => column.key)).toEqual(["id", "status"]);
});
