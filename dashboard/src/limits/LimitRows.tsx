import { Link } from "@tanstack/react-router";
import type { Limit } from "@/api/limits";
import { cx } from "@/lib/cx";
import { linkClass } from "@/ui/link";
import { count } from "@/texts/numbers";
import { ChangedNote } from "./ChangedNote";
import { addressOf, counts, nameOf, numberOf, waitingOf } from "./words";
import { t } from "@/texts/en/limits";

/** List limits, each with what it counts, its number, how much of it is in use, and who waits. */
export function LimitRows({ limits }: { limits: readonly Limit[] }) {
  return (
    <ul className="divide-y divide-line">
      {limits.map((limit) => (
        <Row key={`${limit.name} ${limit.value ?? ""}`} limit={limit} />
      ))}
    </ul>
  );
}

function Row({ limit }: { limit: Limit }) {
  const waiting = waitingOf(limit);
  return (
    <li
      data-limit={nameOf(limit)}
      className={cx(
        "grid grid-cols-[minmax(0,1fr)_6.5rem] items-baseline gap-x-4 gap-y-2 px-4 py-3 text-sm",
        "lg:grid-cols-[minmax(0,1fr)_minmax(0,22rem)_10rem_6rem]",
        limit.value !== null && "max-lg:ps-8",
      )}
    >
      <div className={cx("col-span-2 min-w-0 lg:col-span-1", limit.value !== null && "lg:ps-4")}>
        <p className="break-words">
          <Link
            to="/limits"
            search={addressOf(limit)}
            aria-label={nameOf(limit)}
            className={cx(linkClass, "font-mono")}
          >
            {limit.value === null ? (
              limit.label
            ) : (
              <>
                <span className="text-soft">{t.valueOf(limit.by ?? limit.label)}</span>{" "}
                <bdi>{limit.value}</bdi>
              </>
            )}
          </Link>
        </p>
        {limit.value === null && (
          <p className="text-xs break-words text-soft">
            {limit.declared ? counts(limit) : t.notDeclared}
            {limit.shared && limit.types.length > 0 && (
              <span className="font-mono text-faint"> {limit.types.join(", ")}</span>
            )}
          </p>
        )}
      </div>
      <div className="min-w-0 max-lg:order-1 max-lg:col-span-2">
        <p>
          <span className="text-xs text-faint">{limit.per === null ? t.places : t.starts}</span>{" "}
          <span className={cx("nums font-medium", limit.n === 0 && "text-rose")}>
            {limit.n === null ? t.unlimited : numberOf(limit.n, limit.per)}
          </span>
          {limit.differs && limit.inCode !== null && (
            <span className="nums ms-2 text-xs text-amber">{t.inCode(limit.inCode)}</span>
          )}
        </p>
        <ChangedNote limit={limit} />
      </div>
      <InUse limit={limit} />
      <p className="text-end whitespace-nowrap">
        <span className="text-xs text-faint">{t.waiting}</span>{" "}
        <span className={cx("nums font-medium", waiting !== null && "text-amber")}>{waiting ?? "0"}</span>
      </p>
    </li>
  );
}

/** Show how many of the places are taken or, of a rate, how many jobs have their turn. */
export function InUse({ limit }: { limit: Limit }) {
  const { inUse, per } = limit;
  const n = per === null ? limit.n : null;
  return (
    <div className="min-w-0">
      <p>
        <span className="text-xs text-faint">{per === null ? t.inUse : t.turns}</span>{" "}
        {inUse === null ? (
          <span className="text-xs text-soft">{limit.allValues ? t.perValue : t.notCounted}</span>
        ) : (
          <span className="nums font-medium">
            {n === null ? count(inUse) : t.inUseOf(count(inUse), count(n))}
          </span>
        )}
      </p>
      {inUse !== null && n !== null && (
        <div aria-hidden="true" className="mt-1 h-1.5 bg-line">
          <div
            className={cx("h-full", inUse >= n ? "bg-amber" : "bg-blue")}
            style={{ width: `${n === 0 ? (inUse > 0 ? 100 : 0) : Math.min(100, (inUse / n) * 100)}%` }}
          />
        </div>
      )}
    </div>
  );
}
