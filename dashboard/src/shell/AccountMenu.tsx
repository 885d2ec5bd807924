import { useNavigate } from "@tanstack/react-router";
import { setLanguage, setPrefs, usePrefs } from "@/session/prefs";
import { signOut, useMe, useSession } from "@/session/session";
import { hourMinute } from "@/lib/time";
import { IconButton } from "@/ui/Button";
import { IconMoon, IconScreen, IconSun, IconUser } from "@/ui/icons";
import { Menu } from "@/ui/overlay/Menu";
import { radio, type MenuEntry } from "@/ui/overlay/menuEntries";
import { t } from "@/texts/en/shell";
import { language, LANGUAGES } from "@/texts/texts";

const THEME_ICON = { dark: <IconMoon />, light: <IconSun />, system: <IconScreen /> } as const;
const THEMES = [
  ["dark", t.dark],
  ["light", t.light],
  ["system", t.system],
] as const;
const ZONES = [
  ["local", t.localTime],
  ["utc", "UTC"],
] as const;

/** Show the token and its role; set theme and time zone. */
export function AccountMenu() {
  const { theme, zone } = usePrefs();
  const { token } = useSession();
  const { role, label, can, sessionEnds } = useMe();
  const navigate = useNavigate();
  const display: MenuEntry[] = [
    radio(t.theme, theme, THEMES, (next) => setPrefs({ theme: next })),
    { kind: "line" },
    radio(t.timeZone, zone, ZONES, (next) => setPrefs({ zone: next })),
    { kind: "line" },
    radio(t.language, language(), LANGUAGES, setLanguage),
  ];
  const who = (
    <>
      <p className="truncate">{label ?? "…"}</p>
      <p className="text-xs text-soft">
        {t.role} <span data-testid="role">{role ?? "…"}</span>
      </p>
      {sessionEnds !== null && (
        <p className="text-xs text-soft">{t.sessionUntil(hourMinute(sessionEnds, zone))}</p>
      )}
    </>
  );
  const entries: MenuEntry[] = token
    ? [
        { kind: "text", text: who },
        { kind: "line" },
        ...display,
        { kind: "line" },
        { kind: "item", text: t.batches, run: () => void navigate({ to: "/batches" }) },
        { kind: "item", text: t.limits, run: () => void navigate({ to: "/limits", search: {} }) },
        { kind: "item", text: t.costs, run: () => void navigate({ to: "/usage" }) },
        { kind: "item", text: t.bulkActions, run: () => void navigate({ to: "/bulk" }) },
        { kind: "item", text: t.webhooks, run: () => void navigate({ to: "/webhooks" }) },
        ...(can.administer
          ? [
              { kind: "item" as const, text: t.auditLog, run: () => void navigate({ to: "/audit" }) },
              { kind: "item" as const, text: t.tokens, run: () => void navigate({ to: "/tokens" }) },
            ]
          : []),
        { kind: "item", text: t.apiReference, run: () => location.assign("/reference/") },
        { kind: "item", text: t.signOut, run: signOut },
      ]
    : display;
  return (
    <Menu
      trigger={
        <IconButton label={role ? t.accountAndDisplay(role) : t.display}>
          {token ? <IconUser /> : THEME_ICON[theme]}
        </IconButton>
      }
      entries={entries}
    />
  );
}
