import { Link } from "@tanstack/react-router";
import type { Token, TokenState } from "@/api/tokens";
import { cx } from "@/lib/cx";
import { When } from "@/live/When";
import { t } from "@/texts/en/tokens";

const COLOUR: Record<TokenState, string> = {
  works: "text-green",
  expired: "text-soft",
  revoked: "text-rose",
};

/** One secret of a token: whose it is, what it may touch, and its times. */
export function TokenRow({ token }: { token: Token }) {
  const rotated = token.principal !== token.id;
  return (
    <li className="flex flex-wrap items-baseline gap-x-4 gap-y-1.5 px-4 py-2.5 text-sm lg:grid lg:grid-cols-[minmax(0,1.3fr)_minmax(0,1.2fr)_9rem_9rem_9rem_5.5rem]">
      <div className="min-w-0 max-lg:flex-1 max-lg:basis-40">
        <p className="break-words lg:truncate">
          <Link
            to="/audit"
            search={{ principal: token.principal }}
            aria-label={t.changesBy(token.label)}
            className="underline decoration-strong underline-offset-4 hover:decoration-current"
          >
            <bdi>{token.label}</bdi>
          </Link>
        </p>
        <p className="font-mono text-xs break-all text-faint">{token.id}</p>
        {rotated && <p className="text-xs break-words text-soft">{t.secretOf(token.principal)}</p>}
      </div>
      <div className="min-w-0 max-lg:order-1 max-lg:basis-full">
        <p>{token.role}</p>
        <p className="text-xs break-words text-soft">{scopeOf(token)}</p>
      </div>
      <Time name={t.created} at={token.createdAt} inLine>
        {token.issuedBy !== null && (
          <span className="min-w-0 truncate text-xs text-faint sm:block" title={token.issuedBy}>
            {t.by(token.issuedBy.replace(/^.*[:/]/, ""))}
          </span>
        )}
      </Time>
      <Time name={token.state === "expired" ? t.expired : t.expires} at={token.expiresAt} />
      <Time name={t.lastUse} at={token.lastUsedAt} hint={t.lastUseHint} />
      <p className={cx("text-xs", COLOUR[token.state])}>{t.state[token.state]}</p>
    </li>
  );
}

interface TimeProps {
  name: string;
  at: number | null;
  hint?: string;
  /** On a narrow screen, it is one line below the others. */
  inLine?: boolean;
  children?: React.ReactNode;
}

function Time(props: TimeProps) {
  return (
    <div
      className={cx(
        "min-w-0 max-lg:basis-28 sm:max-lg:basis-36",
        props.inLine
          ? "max-lg:order-2 max-sm:order-3 max-sm:flex max-sm:basis-full max-sm:items-baseline max-sm:gap-x-2"
          : "max-lg:order-2",
      )}
    >
      <p className="text-xs text-faint" title={props.hint}>
        {props.name}
      </p>
      {props.at === null ? (
        <span className="text-xs text-soft">{t.never}</span>
      ) : (
        <When at={props.at} className="nums text-xs" />
      )}
      {props.children}
    </div>
  );
}

function scopeOf({ types, tenants, payloads, personal }: Token): string {
  const parts = [
    ...(types === null ? [] : [t.types(types.join(", "))]),
    ...(tenants === null ? [] : [t.tenants(tenants.join(", "))]),
    ...(payloads ? [] : [t.withoutPayloads]),
    ...(personal ? [] : [t.withoutPersonal]),
  ];
  return parts.join(" · ") || t.everything;
}
