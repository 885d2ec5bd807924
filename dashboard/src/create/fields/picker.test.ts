import { expect, test } from "vitest";
import { durationParts, pickedDuration, pickedTime, pickedTimeOfDay, pickerText, timeParts } from "./picker";

test.each(["2026-11-27T06:00:00Z", "2026-11-27T06:00:07Z", "2024-02-29T23:59:59Z"])(
  "%s is picked as it is shown, in either zone",
  (iso) => {
    for (const zone of ["utc", "local"] as const) expect(pickedTime(pickerText(iso, zone), zone)).toBe(iso);
  },
);

test("seconds are shown where there are some, and no time is an empty field", () => {
  expect(pickerText("2026-11-27T06:00:00Z", "utc")).toBe("2026-11-27T06:00");
  expect(pickerText("2026-11-27T06:00:07Z", "utc")).toBe("2026-11-27T06:00:07");
  expect(pickerText("2026-11-27T08:00:00+02:00", "utc")).toBe("2026-11-27T06:00");
  expect([pickerText("", "utc"), pickedTime("", "utc")]).toEqual(["", ""]);
});

test("a time of day keeps its offset and gets its seconds", () => {
  expect(timeParts("06:00:30+02:00")).toEqual({ shown: "06:00:30", offset: "+02:00" });
  expect(pickedTimeOfDay("07:15", "Z")).toBe("07:15:00Z");
  expect(pickedTimeOfDay("07:15:09", "")).toBe("07:15:09");
  expect([timeParts("noon"), timeParts("06:00:00.5"), pickedTimeOfDay("", "Z")]).toEqual([null, null, ""]);
});

test.each(["PT5M", "P1DT2H", "P3D", "PT1H0M30S", "PT0S", "P1DT2H3M4S"])(
  "%s is picked as it is shown",
  (iso) => {
    const parts = durationParts(iso);
    expect(parts && pickedDuration(parts)).toBe(iso);
  },
);

test("a duration has no gap, and one of weeks, years or fractions stays a text", () => {
  const none = durationParts("");
  expect(none && pickedDuration(none)).toBe("");
  expect(none && pickedDuration({ ...none, hours: "1", seconds: "30" })).toBe("PT1H0M30S");
  for (const other of ["P2W", "P1Y", "PT0.5S", "-PT1M", "P", "PT", "5 min"])
    expect(durationParts(other), other).toBeNull();
});
