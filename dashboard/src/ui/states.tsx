import type { ReactNode } from "react";
import { cx } from "@/lib/cx";
import { Copy } from "./Copy";
import { Button } from "./Button";
import { IconAlert, IconRetry } from "./icons";
import { t } from "@/texts/en/base";

/** Reserve the space of content that is being loaded, in its later size. */
export function Skeleton({ className }: { className?: string }) {
  return <span aria-hidden="true" className={cx("skeleton block", className)} />;
}

/** Reserve the space of a panel that is being loaded. */
export function PanelToCome({ className }: { className?: string }) {
  return (
    <span
      aria-hidden="true"
      className={cx("block overflow-hidden border border-line bg-panel p-4", className)}
    >
      <Skeleton className="h-4 w-1/3" />
      <Skeleton className="mt-3 h-4 w-2/3" />
    </span>
  );
}

/** Say that there is nothing, why, and what to do next. */
export function Empty({
  page,
  framed = page,
  title,
  children,
  action,
}: {
  /** It replaces the whole page. */
  page?: boolean;
  /** It is a panel of its own, and not in one. */
  framed?: boolean | undefined;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className={cx(CENTRED, framed && FRAME)}>
      <div aria-hidden="true" className="mb-2 flex gap-1">
        <span className="h-5 w-1.5 bg-strong" />
        <span className="h-5 w-1.5 bg-line" />
        <span className="h-5 w-1.5 bg-line" />
      </div>
      <Heading page={page} title={title} />
      {children && <div className="max-w-[min(28rem,100%)] text-sm text-balance text-soft">{children}</div>}
      {action && <div className={cx("mt-3 flex flex-wrap justify-center gap-2", NARROW)}>{action}</div>}
    </div>
  );
}

const CENTRED = "flex flex-col items-center gap-2 px-6 py-14 text-center";
/** On a phone, the words of a button may need two lines. */
const NARROW =
  "max-sm:[&>*]:h-auto max-sm:[&>*]:min-h-8 max-sm:[&>*]:py-1 max-sm:[&>*]:whitespace-normal max-sm:[&>*]:shrink";
const FRAME = "border border-line bg-panel";

interface FailureProps {
  /** It replaces the whole page. */
  page?: boolean;
  /** It is a panel of its own, and not in one. */
  framed?: boolean | undefined;
  title: string;
  detail: string;
  correlationId?: string | null;
  onRetry?: () => void;
  children?: ReactNode;
}

/** Say what failed, what to do, and the correlation id to search for in the logs. */
export function Failure({
  page,
  framed = page,
  title,
  detail,
  correlationId,
  onRetry,
  children,
}: FailureProps) {
  return (
    <div role="alert" className={cx(CENTRED, framed && FRAME)}>
      <IconAlert width={24} height={24} className="mb-1 text-red" />
      <Heading page={page} title={title} />
      <p className="max-w-md text-sm break-words text-soft">{detail}</p>
      {correlationId && (
        <p className="flex flex-wrap items-center justify-center gap-x-1 text-xs text-soft">
          {t.correlationId}{" "}
          <span className="flex items-center gap-1">
            <code className="font-mono text-text">{correlationId}</code>
            <Copy text={correlationId} label={t.copyTheCorrelationId} />
          </span>
        </p>
      )}
      <div className="mt-3 flex flex-wrap justify-center gap-2">
        {onRetry && (
          <Button onClick={onRetry} icon={<IconRetry />}>
            {t.retry}
          </Button>
        )}
        {children}
      </div>
    </div>
  );
}

function Heading({ page, title }: { page: boolean | undefined; title: string }) {
  const Level = page ? "h1" : "h2";
  return <Level className="text-base font-semibold">{title}</Level>;
}
