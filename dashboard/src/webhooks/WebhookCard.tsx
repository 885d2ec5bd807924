import { Link } from "@tanstack/react-router";
import type { NewSecret, Webhook } from "@/api/queues/webhooks";
import { relative } from "@/lib/time";
import { useNow } from "@/live/live";
import { IconAlert } from "@/ui/icons";
import { Panel } from "@/ui/Panel";
import { WebhookActions } from "./WebhookActions";
import { t } from "@/texts/en/webhooks";

/** Show one webhook: what it is told, how its receiver does, and its actions. */
export function WebhookCard({
  webhook,
  onSecret,
}: {
  webhook: Webhook;
  onSecret: (secret: NewSecret) => void;
}) {
  return (
    <Panel verbatim title={webhook.name} actions={<WebhookActions webhook={webhook} onSecret={onSecret} />}>
      <div className="flex flex-col gap-2 text-sm">
        <code className="font-mono break-all">{webhook.url}</code>
        <p className="text-soft">{told(webhook)}</p>
        <State webhook={webhook} />
        <Link
          to="/webhooks"
          search={{ of: webhook.name }}
          aria-label={t.deliveriesOf(webhook.name)}
          className="self-start text-xs text-accent-text hover:underline"
        >
          {t.deliveries}
        </Link>
      </div>
    </Panel>
  );
}

function told({ types, tags, statuses }: Webhook): string {
  const which =
    types.length === 0 ? t.onlyNamed : types.includes("*") ? t.ofEveryType : t.ofTypes(types.join(", "));
  const ends = statuses.length === 0 ? t.everyEnd : t.onlyEnds(statuses.map((one) => t.ends[one]).join(", "));
  return [which, ...(tags.length > 0 ? [t.withTags(tags.join(", "))] : []), ends].join(" · ");
}

function State({ webhook }: { webhook: Webhook }) {
  const now = useNow();
  if (webhook.disabledAt !== null) {
    return (
      <p className="flex items-center gap-2 break-words text-rose">
        <IconAlert width={13} height={13} />
        {t.disabledBecause(webhook.disabledBecause ?? "")}
      </p>
    );
  }
  if (webhook.failures === 0) return <p className="text-soft">{t.works}</p>;
  const paused = webhook.pausedUntil !== null && webhook.pausedUntil > now;
  return (
    <p className="text-amber">
      {t.failing(webhook.failures)}
      {paused && webhook.pausedUntil !== null && (
        <span className="text-soft"> · {t.pausedUntil(relative(webhook.pausedUntil, now))}</span>
      )}
    </p>
  );
}
