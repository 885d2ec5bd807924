import { useId, type ReactNode } from "react";
import { cx } from "@/lib/cx";

/** A part of a page with a title; `verbatim` if the title is an id, whose upper and lower case must stay. */
export function Panel({
  title,
  actions,
  children,
  className,
  flush,
  fills,
  verbatim,
}: {
  title: string;
  actions?: ReactNode;
  children: ReactNode;
  className?: string;
  flush?: boolean;
  /** The content is as high as the panel. */
  fills?: boolean;
  verbatim?: boolean;
}) {
  const id = useId();
  return (
    <section
      aria-labelledby={id}
      className={cx("min-w-0 border border-line bg-panel", fills && "flex flex-col", className)}
    >
      <header className="flex min-h-10 flex-wrap items-center justify-between gap-x-3 border-b border-line ps-4 pe-2">
        <h2
          id={id}
          className={cx(
            "py-2 font-semibold",
            verbatim ? "font-mono text-sm break-all" : "text-xs tracking-wide text-soft uppercase",
          )}
        >
          {title}
        </h2>
        {actions && <div className="my-1 flex min-w-0 flex-wrap items-center gap-1">{actions}</div>}
      </header>
      <div className={cx(!flush && "p-4", fills && "flex grow flex-col")}>{children}</div>
    </section>
  );
}

interface FactProps {
  name: string;
  children: ReactNode;
  mono?: boolean;
  className?: string;
}

/** A name and its value, in a <dl>; in a grid, the values of a row begin at one height, also if a name wraps. */
export function Fact({ name, children, mono, className }: FactProps) {
  return (
    <div className={cx("row-span-2 grid min-w-0 grid-rows-subgrid gap-y-0", className)}>
      <dt className="self-end text-2xs text-faint">{name}</dt>
      <dd className={cx("nums text-sm break-words", mono && "font-mono text-xs leading-5")}>{children}</dd>
    </div>
  );
}
