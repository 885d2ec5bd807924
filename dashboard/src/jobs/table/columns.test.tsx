import { render } from "@testing-library/react";
import { expect, test } from "vitest";
import { job, T0 } from "@/test/factories";
import type { JobStatus } from "@/api/jobs/jobs";
import { columnsOf, Details, fitColumns } from "./columns";

test("columns go when there is no room, the least important first, and id and status never", () => {
  const columns = columnsOf(undefined, []);
  expect(fitColumns(columns, 5000)).toHaveLength(columns.length);
  expect(fitColumns(columns, 740).map((column) => column.key)).toContain("details");
  expect(fitColumns(columns, 100).map((column) => column.key)).toEqual(["id", "status"]);
});

test("the column by which the rows are sorted is never left out, because its header shows the order", () => {
  const keys = (sort?: "run" | "created") =>
    fitColumns(columnsOf(undefined, []), 740, sort).map((column) => column.key);
  expect(keys("created")).not.toContain("run");
  expect(keys("run")).toContain("run");
});

test("jobs that wait for a time have a column for it", () => {
  const keys = (status?: JobStatus) => columnsOf(status, ["tags"]).map((column) => column.key);
  expect(keys("scheduled")).toContain("due");
  expect(keys("scheduled")).not.toContain("tags");
  expect(keys("completed")).not.toContain("due");
  expect(keys()).not.toContain("due");
});

test("a suspended job's details say what it waits for", () => {
  const text = (event: string | null) => {
    const row = job("a", { status: "suspended", waitsFor: { event, job: null, until: T0 } });
    return render(<Details job={row} />).container.textContent;
  };
  expect(text("approved")).toContain("Waits for approved");
  expect(text(null)).toContain("Sleeps until");
  const called = { event: null, job: "0123abcd-0000", until: T0 };
  const row = job("a", { status: "suspended", waitsFor: called });
  expect(render(<Details job={row} />).container.textContent).toContain("Waits for job 0123abcd");
});
