import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { showWithin } from "@/test/screen";
import { TokenRow } from "./TokenRow";
import type { Token } from "@/api/tokens";

const TOKEN: Token = {
  ...{ id: "1f2e3d4c5b6a7980", principal: "1f2e3d4c5b6a7980", role: "operator", label: "billing" },
  ...{ state: "works", createdAt: Date.parse("2026-11-30T06:00:00Z"), expiresAt: null, lastUsedAt: null },
  ...{
    issuedBy: "arn:aws:sts::1:assumed-role/admin/ada",
    types: null,
    tenants: null,
    payloads: true,
    personal: true,
  },
};

test("a token without a scope and an end says so, and leads to what it did", () => {
  showWithin(<TokenRow token={TOKEN} />);
  for (const text of ["operator", "All jobs", "Valid", "by ada"]) screen.getByText(text);
  expect(screen.getAllByText("Never")).toHaveLength(2);
  expect(screen.getByRole("link", { name: "Changes by billing" }).getAttribute("href")).toContain(
    "principal=1f2e3d4c5b6a7980",
  );
});

test("a rotated token with a scope shows its principal, its scope and its times", () => {
  const more = {
    id: "aaaa3d4c5b6a7980",
    types: ["email.send", "report.*"],
    tenants: ["acme"],
    payloads: false,
  };
  const times = { expiresAt: Date.parse("2026-12-30T06:00:00Z"), lastUsedAt: TOKEN.createdAt };
  showWithin(<TokenRow token={{ ...TOKEN, ...more, ...times, state: "expired" }} />);
  screen.getByText("Types: email.send, report.* · Tenants: acme · Without payloads");
  screen.getByText("Another secret of 1f2e3d4c5b6a7980");
  expect(screen.getAllByText("Expired")).toHaveLength(2);
  expect(screen.queryByText("Never")).toBeNull();
});
