import { expect, test } from "vitest";
import { deployBefore, within } from "./deploys";

const deploys = [10, 20, 30].map((at) => ({ at, version: `v${at}` }));

test("a chart has the deployments of its own time, those of its last step too", () => {
  expect(within(deploys, [15, 20, 25], 5).map(({ at }) => at)).toEqual([20]);
  expect(within(deploys, [15, 20, 25], 6).map(({ at }) => at)).toEqual([20, 30]);
  expect(within(deploys, [], 5)).toEqual([]);
});

test("an error belongs to the last deployment before it; one that is older than all known ones to none", () => {
  expect(deployBefore(deploys, 29)?.version).toBe("v20");
  expect(deployBefore(deploys, 20)?.version).toBe("v20");
  expect(deployBefore(deploys, 9)).toBeUndefined();
});
