import { setPrefs, usePrefs } from "@/session/prefs";
import { signOut, useMe, useSession } from "@/session/session";
import { IconButton } from "@/ui/Button";
import { IconMoon, IconScreen, IconSun, IconUser } from "@/ui/icons";
import { Menu, MenuItem, MenuLabel, MenuLine, MenuRadio } from "@/ui/Menu";

const THEME_ICON = { dark: <IconMoon />, light: <IconSun />, system: <IconScreen /> } as const;

/** Who you are, and how you like to see things. */
export function AccountMenu() {
  const { theme, zone } = usePrefs();
  const { token } = useSession();
  const { role, label } = useMe();
  return (
    <Menu
      trigger={
        <IconButton label={role ? `Account and display: ${role}` : "Display"}>
          {token ? <IconUser /> : THEME_ICON[theme]}
        </IconButton>
      }
    >
      {token && (
        <>
          <div className="px-2.5 py-1.5 text-sm">
            <p className="truncate" data-testid="me">
              {label ?? "…"}
            </p>
            <p className="text-xs text-soft">
              Role: <span data-testid="role">{role ?? "…"}</span>
            </p>
          </div>
          <MenuLine />
        </>
      )}
      <MenuRadio
        label="Theme"
        value={theme}
        options={[
          ["dark", "Dark"],
          ["light", "Light"],
          ["system", "As the system"],
        ]}
        onChange={(next) => setPrefs({ theme: next })}
      />
      <MenuLine />
      <MenuRadio
        label="Times in"
        value={zone}
        options={[
          ["local", "Local time"],
          ["utc", "UTC"],
        ]}
        onChange={(next) => setPrefs({ zone: next })}
      />
      {token && (
        <>
          <MenuLine />
          <MenuLabel>Session</MenuLabel>
          <MenuItem onSelect={signOut}>Sign out</MenuItem>
        </>
      )}
    </Menu>
  );
}
