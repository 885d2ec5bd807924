import { Link } from "@tanstack/react-router";
import type { Change, Outcome } from "@/api/audit";
import { cx } from "@/lib/cx";
import { shortId } from "@/lib/format";
import { When } from "@/live/When";
import { linkClass } from "@/ui/link";
import { t } from "@/texts/en/audit";

const COLOUR: Record<Outcome, string> = {
  begun: "text-amber",
  done: "text-green",
  refused: "text-soft",
  failed: "text-rose",
  named: "text-soft",
};
/** One change: when, who, what, on what, why, from where, and its outcome. */
export function ChangeRow({
  change,
  onPrincipal,
}: {
  change: Change;
  /** Show only what this principal did; null: they all are. */
  onPrincipal: ((principal: string) => void) | null;
}) {
  const who = change.label ?? change.principal;
  return (
    <li className="flex flex-wrap items-baseline gap-x-4 gap-y-1 px-4 py-2 text-sm lg:grid lg:grid-cols-[7.5rem_12rem_minmax(0,1fr)_8rem] xl:grid-cols-[7.5rem_18rem_minmax(0,1fr)_8rem]">
      <When at={change.at} className="nums text-xs text-faint" />
      {onPrincipal ? (
        <button
          type="button"
          title={change.principal}
          aria-label={t.onlyBy(who)}
          onClick={() => onPrincipal(change.principal)}
          className={cx("min-h-6 min-w-0 truncate text-start max-lg:flex-1 max-lg:basis-24", linkClass)}
        >
          {who}
        </button>
      ) : (
        <span className="min-w-0 truncate max-lg:flex-1 max-lg:basis-24" title={change.principal}>
          {who}
        </span>
      )}
      <div className="flex min-w-0 flex-col gap-0.5 max-lg:order-1 max-lg:basis-full">
        <p className="break-words">
          {t.actions[change.action] ?? change.action} <Target change={change} />
        </p>
        {change.reason !== null && <p className="break-words text-soft">{change.reason}</p>}
        <p className="text-xs break-words text-faint max-sm:break-all">
          {[
            ...(change.ip === null ? [] : [t.from(change.ip)]),
            ...(change.correlationId === null ? [] : [t.correlation(change.correlationId)]),
          ].join(" · ")}
        </p>
      </div>
      <p className={cx("text-xs max-lg:text-end", COLOUR[change.outcome])} title={hintOf(change.outcome)}>
        {change.outcome === "named" && change.bulk !== null ? (
          <Link to="/audit" search={{ bulk: change.bulk, span: "all" }} className={linkClass}>
            {t.outcome.named}
          </Link>
        ) : (
          t.outcome[change.outcome]
        )}
        {change.error !== null && <span className="block break-words text-soft">{change.error}</span>}
      </p>
    </li>
  );
}

function hintOf(outcome: Outcome) {
  if (outcome === "begun") return t.begunHint;
  return outcome === "named" ? t.namedHint : undefined;
}

/** What was changed, with a link to its page if it has one. */
function Target({ change: { action, kind, target, version } }: { change: Change }) {
  if (target === null) return null;
  // requests that change many jobs at once have an id, and no page
  const shown = kind === "bulk" && /^(jobs|dead-letters)\./.test(action) ? null : kind;
  switch (shown) {
    case "job":
      return (
        <Link to="/jobs/$id" params={{ id: target }} className={linkClass}>
          {shortId(target)}
        </Link>
      );
    case "batch":
      return (
        <Link to="/batches/$id" params={{ id: target }} className={linkClass}>
          {shortId(target)}
        </Link>
      );
    case "bulk":
      return (
        <Link to="/bulk/$id" params={{ id: target }} className={linkClass}>
          {/* An id begins with its time: those of one minute begin alike. */}
          {target.slice(-8)}
        </Link>
      );
    case "job-type":
      return (
        <Link to="/queues/$queue" params={{ queue: target }} className={linkClass}>
          {target}
        </Link>
      );
    case "limit":
      // the log does not say which value was changed, because it may be of a person
      return (
        <Link to="/limits" search={{ of: target.replace(/:value$/, "") }} className={linkClass}>
          {target}
        </Link>
      );
    default:
      return <code className="font-mono text-xs break-all">{version ? `${target} ${version}` : target}</code>;
  }
}
