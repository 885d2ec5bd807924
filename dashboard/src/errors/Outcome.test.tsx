import { screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { keysOfPosts, showWithin } from "@/test/screen";
import { Outcome } from "./Outcome";

afterEach(() => vi.unstubAllGlobals());

test("an error group says where its jobs are now, and nothing about those that no longer have it", async () => {
  keysOfPosts(() => ({ by_status: { dead_letter: 100, retrying: 3 }, complete: true }));
  showWithin(<Outcome fingerprint="f1" />);
  const said = await screen.findByTestId("outcome");
  expect(said.textContent).toMatch(/^[^\d]*3 waiting, 100 dead-lettered\.$/);
  expect(screen.getAllByRole("link")).toHaveLength(2);
});

test("an error that no job has now says so", async () => {
  keysOfPosts(() => ({ by_status: {}, complete: true }));
  showWithin(<Outcome fingerprint="f2" />);
  expect((await screen.findByTestId("outcome")).textContent).not.toMatch(/\d/);
});
