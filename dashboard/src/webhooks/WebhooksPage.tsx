import { QueryFailure } from "@/live/QueryFailure";
import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { webhooks, type NewSecret, type Webhook } from "@/api/queues/webhooks";
import { usePolling } from "@/live/live";
import { useMe } from "@/session/session";
import { buttonClass } from "@/ui/Button";
import { IconPlus } from "@/ui/icons";
import { Empty, PanelToCome } from "@/ui/states";
import { Deliveries } from "./Deliveries";
import { Secret } from "./Secret";
import { WebhookCard } from "./WebhookCard";
import { WebhookForm } from "./WebhookForm";
import { t } from "@/texts/en/webhooks";

/** /webhooks: every webhook; ?edit= opens the form of one ("+": of a new one), ?of= the deliveries of one. */
export function WebhooksPage() {
  const { edit, of } = useSearch({ from: "/webhooks" });
  const [secret, setSecret] = useState<NewSecret | null>(null);
  const query = useQuery({ ...webhooks(), ...usePolling({ atLeast: 5000 }) });
  const edited = query.data?.webhooks.find((one) => one.name === edit);
  if (of !== undefined) return <Deliveries name={of} />;
  if (edit === "+" || edited) {
    return <WebhookForm key={edit} webhook={edited ?? null} onSecret={setSecret} />;
  }
  return <List query={query} secret={secret} onSecret={setSecret} />;
}

interface ListProps {
  query: UseQueryResult<{ available: boolean; webhooks: Webhook[] }>;
  secret: NewSecret | null;
  onSecret: (secret: NewSecret | null) => void;
}

function List({ query, secret, onSecret }: ListProps) {
  const { can } = useMe();
  const found = query.data?.webhooks ?? [];
  const available = query.data?.available ?? true;
  return (
    <div className="flex flex-col gap-3">
      <header className="flex flex-wrap items-center gap-x-4 gap-y-2 py-1">
        <h1 className="text-lg font-semibold">{t.webhooks}</h1>
        <p className="me-auto min-h-5 text-sm text-soft" aria-live="polite">
          {query.data ? t.summary(found.length, found.filter((one) => one.disabledAt !== null).length) : ""}
        </p>
        {can.administer && available && (
          <Link to="/webhooks" search={{ edit: "+" }} className={buttonClass("primary")}>
            <IconPlus /> {t.newWebhook}
          </Link>
        )}
      </header>
      {secret && <Secret secret={secret} onClose={() => onSecret(null)} />}
      {query.isPending && (
        <div role="status" aria-busy="true" aria-label={t.loading} className="grid gap-3 lg:grid-cols-2">
          <PanelToCome className="h-40" />
          <PanelToCome className="h-40" />
        </div>
      )}
      {query.isError && !query.data && <QueryFailure framed title={t.couldntLoad} query={query} />}
      {query.data && found.length === 0 && (
        <Empty framed title={available ? t.none : t.unavailable}>
          {available ? t.howToAddOne : t.howToEnable}
        </Empty>
      )}
      <ul className="grid items-start gap-3 lg:grid-cols-2">
        {found.map((one) => (
          <li key={one.name} className="min-w-0">
            <WebhookCard webhook={one} onSecret={onSecret} />
          </li>
        ))}
      </ul>
    </div>
  );
}
