import { Link } from "@tanstack/react-router";
import type { PersonSession, SessionState } from "@/api/sessions";
import { cx } from "@/lib/cx";
import { When } from "@/live/When";
import { useMe } from "@/session/session";
import { Ask } from "@/ui/overlay/Ask";
import { t } from "@/texts/en/tokens";

const COLOUR: Record<SessionState, string> = {
  works: "text-green",
  expired: "text-soft",
  ended: "text-soft",
};

interface SessionRowProps {
  session: PersonSession;
  disabled: boolean;
  onEnd: (reason: string) => void;
}

/** One session: whose it is, its role and its times; and a button that ends all sessions of the person. */
export function SessionRow({ session, disabled, onEnd }: SessionRowProps) {
  const { query } = useMe();
  const who = session.label ?? session.principal;
  const own = query.data?.id === session.principal;
  return (
    <li className="flex flex-wrap items-baseline gap-x-4 gap-y-1.5 px-4 py-2.5 text-sm lg:grid lg:grid-cols-[minmax(0,2fr)_5rem_9rem_9rem_5.5rem_minmax(9rem,auto)]">
      <div className="min-w-0 max-lg:flex-1 max-lg:basis-40">
        <p className="wrap-anywhere">
          <Link
            to="/audit"
            search={{ principal: session.principal }}
            aria-label={t.changesBy(who)}
            className="underline decoration-strong underline-offset-4 hover:decoration-current"
          >
            <bdi>{who}</bdi>
          </Link>
          {own && <span className="text-xs text-soft"> {t.you}</span>}
        </p>
        {session.label !== null && (
          <p className="font-mono text-xs break-all text-faint">{session.principal}</p>
        )}
      </div>
      <div className="max-lg:order-1 max-lg:flex max-lg:basis-full max-lg:items-baseline max-lg:justify-between lg:contents">
        <p>{session.role}</p>
        <div className="lg:order-1 lg:justify-self-end">
          {session.state === "works" && (
            <Ask
              danger
              label={t.endOf(who)}
              word={t.end}
              question={own ? t.endOwnQuestion : t.endQuestion}
              disabled={disabled}
              onYes={onEnd}
            />
          )}
        </div>
      </div>
      <Time name={t.signedInAt} at={session.createdAt} />
      {session.endedAt === null ? (
        <Time name={session.state === "expired" ? t.expired : t.until} at={session.expiresAt} />
      ) : (
        <Time name={t.ended} at={session.endedAt}>
          {session.endedBy !== null && (
            <span className="block truncate text-xs text-faint" title={session.endedBy}>
              {t.by(session.endedBy)}
            </span>
          )}
        </Time>
      )}
      <p className={cx("text-xs", COLOUR[session.state])}>{t.sessionState[session.state]}</p>
    </li>
  );
}

function Time({ name, at, children }: { name: string; at: number; children?: React.ReactNode }) {
  return (
    <div className="min-w-0 max-lg:order-2 max-lg:basis-28 sm:max-lg:basis-36">
      <p className="text-xs text-faint">{name}</p>
      <When at={at} className="nums text-xs" />
      {children}
    </div>
  );
}
