import { expect, test } from "vitest";
import { job, page, T0 } from "@/test/factories";
import { acceptHead, mergeFeed } from "./feed";

const NONE = new Map();
const ids = (rows: { id: string }[]) => rows.map((row) => row.id).join("");

test("rows take the news and keep their places", () => {
  const feed = mergeFeed(
    [page([job("b"), job("a")])],
    page([job("b", { status: "completed", updatedAt: T0 + 1 }), job("a")]),
    NONE,
  );
  expect(ids(feed.rows)).toBe("ba");
  expect(feed.rows[0]?.status).toBe("completed");
  expect(feed.fresh).toBe(0);
});

test("an answer that is older than the row changes nothing", () => {
  const loaded = job("a", { status: "completed", updatedAt: T0 + 5 });
  const feed = mergeFeed([page([loaded])], page([job("a", { status: "queued", updatedAt: T0 })]), NONE);
  expect(feed.rows[0]?.status).toBe("completed");
});

test("new jobs are counted and not shown", () => {
  const feed = mergeFeed([page([job("a")])], page([job("c"), job("b"), job("a")]), NONE);
  expect(ids(feed.rows)).toBe("a");
  expect(feed.fresh).toBe(2);
});

test("what follows the last known row is the next page, not news", () => {
  const feed = mergeFeed(
    [page([job("c"), job("b")], "more")],
    page([job("c"), job("b"), job("a")], "more"),
    NONE,
  );
  expect(feed.fresh).toBe(0);
});

test("a row that the listing lost has left; rows below what the head covers have not", () => {
  const feed = mergeFeed(
    [page([job("d"), job("c"), job("b"), job("a")])],
    page([job("d"), job("b")], "more"),
    NONE,
  );
  expect([...feed.left]).toEqual(["c"]);
});

test("when the head is everything, whatever it lacks has left", () => {
  const feed = mergeFeed([page([job("b"), job("a")])], page([]), NONE);
  expect([...feed.left]).toEqual(["b", "a"]);
});

test("the same job on two pages is one row", () => {
  const feed = mergeFeed([page([job("b"), job("a")], "x"), page([job("a"), job("z")])], undefined, NONE);
  expect(ids(feed.rows)).toBe("baz");
});

test("a job that was asked for by itself replaces its row", () => {
  const later = new Map([["a", job("a", { status: "failed", updatedAt: T0 + 9 })]]);
  expect(mergeFeed([page([job("a")])], undefined, later).rows[0]?.status).toBe("failed");
});

test("taking the news keeps what was loaded below, and drops what has left", () => {
  const loaded = [page([job("d"), job("c")], "x"), page([job("b"), job("a")], "y")];
  const head = page([job("f"), job("d"), job("e"), job("b"), job("z")], "x");
  const next = acceptHead(loaded, head, new Set(["c"]));
  expect(next.map((one) => ids(one.jobs))).toEqual(["fdeb", "a"]);
  expect(next.map((one) => one.nextCursor)).toEqual(["x", "y"]);
});

test("news that do not reach down to the loaded rows begin anew", () => {
  const head = page([job("z"), job("y")], "more");
  expect(acceptHead([page([job("a")])], head, new Set())).toEqual([head]);
});
