import { Link, useLocation } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { config } from "@/config";
import { cx } from "@/lib/cx";
import { useMe, useSession } from "@/session/session";
import { IconClock, IconErrors, IconJobs, IconPlus, IconQueues, IconSearch } from "@/ui/icons";
import { Kbd } from "@/ui/Button";
import { AccountMenu } from "./AccountMenu";
import { LiveControl } from "./LiveControl";
import { onDemand } from "@/lib/onDemand";
import { useIdle } from "@/lib/useIdle";
import { t } from "@/texts/en/shell";

const PLACES = [
  ["/dashboard", t.jobs, <IconJobs key="i" />],
  ["/queues", t.queues, <IconQueues key="i" />],
  ["/schedules", t.schedules, <IconClock key="i" />],
  ["/errors", t.errors, <IconErrors key="i" />],
] as const;

const BulkChip = onDemand(() => import("@/jobs/actions/BulkChip"));

export function Logo() {
  return (
    <Link to="/" aria-label={t.jobflowHome} className="flex items-center gap-2 font-semibold tracking-tight">
      <svg viewBox="0 0 20 20" className="size-5" aria-hidden="true">
        <path d="M1 3h11v3.5H1zM1 8.25h18v3.5H1zM1 13.5h7V17H1z" className="fill-accent-text" />
      </svg>
      <span className="hidden min-[380px]:inline">JobFlow</span>
    </Link>
  );
}

/** Show the links to the pages, the state of polling and the account, on every page. */
export function TopBar({ onPalette }: { onPalette: () => void }) {
  const { token } = useSession();
  const { can } = useMe();
  const idle = useIdle();
  return (
    <header className="sticky top-0 z-30 border-b border-line bg-bg">
      <div className="mx-auto flex h-12 max-w-[1600px] items-center gap-1 px-3 sm:px-4">
        <Logo />
        {token && (
          <span className="ms-1 border border-line px-1 font-mono text-2xs text-soft">{config().stage}</span>
        )}
        {token && (
          <nav aria-label={t.mainPlaces} className="ms-2 lg:ms-4 hidden h-full items-stretch sm:flex">
            {PLACES.map(([to, name]) => (
              <Place key={to} to={to}>
                {name}
              </Place>
            ))}
            <Place to="/batches" from="lg">
              {t.batches}
            </Place>
            <Place to="/limits" from="xl">
              {t.limits}
            </Place>
            <Place to="/usage" from="wide">
              {t.costs}
            </Place>
            <Place to="/webhooks" from="xl">
              {t.webhooks}
            </Place>
            {can.administer && (
              <Place to="/audit" from="xl">
                {t.auditLog}
              </Place>
            )}
            {can.act && <Place to="/create">{t.createPlace}</Place>}
          </nav>
        )}
        <div className="ms-auto flex min-w-0 items-center gap-1">
          {token && (
            <button
              type="button"
              onClick={onPalette}
              aria-label={t.commandPalette}
              aria-keyshortcuts="Control+K Meta+K"
              className="flex h-8 items-center gap-2 border border-transparent px-2 text-sm text-soft hover:bg-hover hover:text-text lg:border-line lg:bg-panel"
            >
              <IconSearch />
              <span className="hidden pe-6 text-xs lg:inline">{t.searchOrCommand}</span>
              <span className="hidden lg:inline">
                <Kbd>⌘K</Kbd>
              </span>
            </button>
          )}
          {idle && token && <BulkChip />}
          {token && <LiveControl />}
          <AccountMenu />
        </div>
      </div>
    </header>
  );
}

interface PlaceProps {
  to:
    | "/dashboard"
    | "/queues"
    | "/schedules"
    | "/errors"
    | "/batches"
    | "/limits"
    | "/create"
    | "/webhooks"
    | "/usage"
    | "/audit";
  below?: boolean;
  /** Only if the window is as wide as this; the account menu has it, too. */
  from?: "lg" | "xl" | "wide";
  children: ReactNode;
}

const MARKED =
  "flex items-center border-transparent text-soft [&[aria-current]]:border-accent-text [&[aria-current]]:text-text";
const ABOVE = "-mb-px border-b-2 px-2 md:px-2.5 text-sm hover:text-text";
const BELOW = "-mt-px flex-1 flex-col justify-center gap-0.5 border-t-2 text-2xs";

const HIDDEN = { lg: "max-lg:hidden", xl: "max-xl:hidden", wide: "max-[1439px]:hidden" };

function Place({ to, below, from, children }: PlaceProps) {
  return (
    <Link
      to={to}
      activeOptions={{ includeSearch: false }}
      aria-current={useAround(to)}
      className={cx(MARKED, below ? BELOW : ABOVE, from && HIDDEN[from])}
    >
      {children}
    </Link>
  );
}

/** On a job's page, the link to the jobs is marked, although it is another page. */
function useAround(to: string): "true" | undefined {
  const inJobs = useLocation({ select: ({ pathname }) => pathname.startsWith("/jobs/") });
  return to === "/dashboard" && inJobs ? "true" : undefined;
}

/** On a phone, the links are at the bottom, in reach of the thumb. */
export function BottomNav() {
  const { token } = useSession();
  const { can, role } = useMe();
  if (!token) return null;
  const places = can.act ? [...PLACES, ["/create", t.createPlace, <IconPlus key="i" />] as const] : PLACES;
  return (
    <nav
      aria-label={t.mainPlacesBelow}
      className="fixed inset-x-0 bottom-0 z-30 flex h-14 border-t border-line bg-bg sm:hidden"
    >
      {places.map(([to, name, icon]) => (
        <Place key={to} to={to} below>
          {icon}
          {name}
        </Place>
      ))}
      {role === null && <span aria-hidden="true" className="flex-1" />}
    </nav>
  );
}
