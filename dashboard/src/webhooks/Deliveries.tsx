import { QueryFailure } from "@/live/QueryFailure";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { sentence } from "@/api/numbers/errors";
import { deliveryPages, sendAgain, type Delivery } from "@/api/queues/webhooks";
import { cx } from "@/lib/cx";
import { shortId } from "@/lib/format";
import { usePolling } from "@/live/live";
import { OlderPages, whileOnePage } from "@/live/OlderPages";
import { When } from "@/live/When";
import { useMe } from "@/session/session";
import { Act } from "@/ui/overlay/Act";
import { toast } from "@/ui/overlay/toast";
import { Empty, Skeleton } from "@/ui/states";
import { linkClass } from "@/ui/link";
import { t } from "@/texts/en/webhooks";

const COLOUR: Record<Delivery["state"], string> = {
  pending: "text-amber",
  delivered: "text-green",
  failed: "text-rose",
  disabled: "text-rose",
};

/** For a first page that needs several requests, because the newest deliveries are those of other webhooks. */
const RARE = { atLeast: 30_000 };

/** The deliveries to a webhook, newest first, each with its attempts and the receiver's answer. */
export function Deliveries({ name }: { name: string }) {
  const pages = deliveryPages(name);
  const client = useQueryClient();
  const looks = () => client.getQueryData(pages.queryKey)?.pages[0]?.looks ?? 1;
  const query = useInfiniteQuery({ ...pages, ...whileOnePage(usePolling(() => (looks() > 1 ? RARE : {}))) });
  const found = query.data?.pages.flatMap((page) => page.deliveries) ?? [];
  return (
    <div className="flex flex-col gap-3">
      <header className="flex flex-wrap items-baseline gap-x-4 py-1">
        <h1 className="text-lg font-semibold">{t.deliveriesOf(name)}</h1>
        <Link to="/webhooks" search={{}} className="text-sm text-accent-text hover:underline">
          {t.backToWebhooks}
        </Link>
      </header>
      <div className="border border-line bg-panel">
        {query.isPending && <Skeleton className="m-4 h-24" />}
        {query.isError && !query.data && <QueryFailure title={t.couldntLoad} query={query} />}
        {query.data && found.length === 0 && (
          <Empty title={query.hasNextPage ? t.noneAmongNewest : t.noDeliveries}>
            {query.hasNextPage ? t.noneAmongNewestHint : t.noDeliveriesHint}
          </Empty>
        )}
        <ul className="divide-y divide-line">
          {found.map((one) => (
            <Row key={one.id} webhook={name} delivery={one} />
          ))}
        </ul>
      </div>
      <OlderPages queryKey={pages.queryKey} label={t.olderDeliveries} pages={query} />
    </div>
  );
}

function Row({ webhook, delivery }: { webhook: string; delivery: Delivery }) {
  const { can } = useMe();
  const client = useQueryClient();
  const again = useMutation({
    mutationFn: (reason: string) => sendAgain(webhook, delivery.id, reason),
    onSuccess: () => toast.done(t.sentAgainDone),
    onError: (error) => toast.problem(sentence(error)),
    onSettled: () => client.invalidateQueries({ queryKey: ["webhooks", webhook] }),
  });
  const short = shortId(delivery.id);
  const said =
    (delivery.status === null ? delivery.answer : t.answered(delivery.status, delivery.answer ?? "")) ?? "";
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_auto] items-baseline gap-x-4 gap-y-1 px-4 py-2 text-sm sm:grid-cols-[7.5rem_minmax(0,1fr)_6rem_5rem_8rem] lg:grid-cols-[7.5rem_17rem_6rem_minmax(0,1fr)_5rem_8rem]">
      <span className={cx("font-medium", COLOUR[delivery.state])}>{t.state[delivery.state]}</span>
      <span className="max-sm:col-span-2 max-sm:row-start-2">
        {delivery.jobId !== null && (
          <Link to="/jobs/$id" params={{ id: delivery.jobId }} className={linkClass}>
            {t.ended(shortId(delivery.jobId), t.ends[delivery.ended ?? ""] ?? delivery.ended ?? "")}
          </Link>
        )}
        {delivery.batch !== null && (
          <Link to="/batches/$id" params={{ id: delivery.batch }} className={linkClass}>
            {t.endedBatch(shortId(delivery.batch))}
          </Link>
        )}
      </span>
      <Link
        to="/jobs/$id"
        params={{ id: delivery.id }}
        aria-label={t.attemptsOf(short)}
        className={cx(linkClass, "text-xs text-soft max-sm:row-start-3 max-sm:self-center")}
      >
        {t.attempts(delivery.attempts)}
      </Link>
      <span
        className="line-clamp-3 min-w-0 text-xs break-words text-soft max-sm:col-span-2 sm:col-span-4 sm:col-start-2 sm:row-start-2 lg:col-span-1 lg:col-start-4 lg:row-start-1"
        title={said}
      >
        {said}
      </span>
      <When
        at={delivery.createdAt}
        className="nums text-xs text-faint max-sm:col-start-2 max-sm:row-start-1 max-sm:text-end sm:col-start-4 sm:row-start-1 lg:col-start-5"
      />
      <span className="max-sm:col-start-2 max-sm:row-start-3 max-sm:text-end sm:col-start-5 sm:row-start-1 sm:text-end lg:col-start-6">
        {can.act && delivery.state !== "pending" && (
          <Act
            label={t.sendAgainOf(short)}
            word={t.sendAgain}
            disabled={again.isPending}
            onAct={again.mutate}
          />
        )}
      </span>
    </li>
  );
}
