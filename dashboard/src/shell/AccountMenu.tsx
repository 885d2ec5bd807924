import { setPrefs, usePrefs } from "@/session/prefs";
import { signOut, useMe, useSession } from "@/session/session";
import { IconButton } from "@/ui/Button";
import { IconMoon, IconScreen, IconSun, IconUser } from "@/ui/icons";
import { Menu } from "@/ui/overlay/Menu";
import { radio, type MenuEntry } from "@/ui/overlay/menuEntries";

const THEME_ICON = { dark: <IconMoon />, light: <IconSun />, system: <IconScreen /> } as const;
const THEMES = [
  ["dark", "Dark"],
  ["light", "Light"],
  ["system", "System"],
] as const;
const ZONES = [
  ["local", "Local time"],
  ["utc", "UTC"],
] as const;

/** Show the token and its role; set theme and time zone. */
export function AccountMenu() {
  const { theme, zone } = usePrefs();
  const { token } = useSession();
  const { role, label } = useMe();
  const display: MenuEntry[] = [
    radio("Theme", theme, THEMES, (next) => setPrefs({ theme: next })),
    { kind: "line" },
    radio("Time zone", zone, ZONES, (next) => setPrefs({ zone: next })),
  ];
  const who = (
    <>
      <p className="truncate">{label ?? "…"}</p>
      <p className="text-xs text-soft">
        Role: <span data-testid="role">{role ?? "…"}</span>
      </p>
    </>
  );
  const entries: MenuEntry[] = token
    ? [
        { kind: "text", text: who },
        { kind: "line" },
        ...display,
        { kind: "line" },
        { kind: "item", text: "API reference", run: () => location.assign("/reference/") },
        { kind: "item", text: "Sign out", run: signOut },
      ]
    : display;
  return (
    <Menu
      trigger={
        <IconButton label={role ? `Account and display: ${role}` : "Display"}>
          {token ? <IconUser /> : THEME_ICON[theme]}
        </IconButton>
      }
      entries={entries}
    />
  );
}
