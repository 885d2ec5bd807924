import { expect, test } from "vitest";
import { pickedTime, pickerText } from "./picker";

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
