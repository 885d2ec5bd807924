import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import type { PersonSession } from "@/api/sessions";
import { signIn, signOut } from "@/session/session";
import { showWithin } from "@/test/screen";
import { SessionRow } from "./SessionRow";
import { Sessions } from "./Sessions";
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

afterEach(() => {
  signOut();
  vi.unstubAllGlobals();
});

const SESSION: PersonSession = {
  ...{ id: "a", principal: "oidc:1:ada", label: "Ada", role: "operator", state: "works" },
  ...{ createdAt: Date.parse("2026-11-30T06:00:00Z"), expiresAt: Date.parse("2026-11-30T14:00:00Z") },
  ...{ endedAt: null, endedBy: null },
};

test("a session shows whose it is and its times, and ends with a reason after a question", async () => {
  const ended = vi.fn();
  showWithin(<SessionRow session={SESSION} disabled={false} onEnd={ended} />);
  for (const text of ["Ada", "oidc:1:ada", "operator", "Signed in", "Until", "Valid"]) screen.getByText(text);
  await userEvent.click(screen.getByRole("button", { name: "End all sessions of Ada" }));
  expect(ended).not.toHaveBeenCalled();
  await userEvent.type(await screen.findByRole("textbox", { name: "Reason" }), " lost laptop {Enter}");
  expect(ended).toHaveBeenCalledWith("lost laptop");
});

test("a session that has ended says when and by whom, and cannot be ended again", () => {
  const over = { state: "ended", endedAt: SESSION.createdAt, endedBy: "1f2e", label: null } as const;
  showWithin(<SessionRow session={{ ...SESSION, ...over }} disabled={false} onEnd={() => undefined} />);
  screen.getByText("by 1f2e");
  expect(screen.getByRole("link", { name: "Changes by oidc:1:ada" }).textContent).toBe("oidc:1:ada");
  expect(screen.queryByRole("button")).toBeNull();
});

test("no session, and an answer that is an error, say so", async () => {
  signIn("secret");
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(JSON.stringify({ sessions: [] }))));
  showWithin(<Sessions enabled all={false} />);
  await screen.findByText("Nobody is signed in");
  signOut();
  signIn("another");
  vi.stubGlobal("fetch", () =>
    Promise.resolve(new Response(JSON.stringify({ title: "Broken", status: 500 }), { status: 500 })),
  );
  showWithin(<Sessions enabled all />);
  await screen.findByText("Couldn't load the sessions");
});
