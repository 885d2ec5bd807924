import type { NewSecret } from "@/api/queues/webhooks";
import { Button } from "@/ui/Button";
import { Copy } from "@/ui/Copy";
import { Panel } from "@/ui/Panel";
import { t } from "@/texts/en/webhooks";

/** Show a new secret once. It is kept nowhere in the console. */
export function Secret({ secret, onClose }: { secret: NewSecret; onClose: () => void }) {
  return (
    <Panel
      title={t.secretOf(secret.name)}
      actions={
        <Button size="sm" onClick={onClose}>
          {t.close}
        </Button>
      }
    >
      <p className="mb-2 text-sm">{t.secretHint}</p>
      <p className="flex items-center gap-2">
        <code className="min-w-0 font-mono text-sm break-all">{secret.secret}</code>
        <Copy text={secret.secret} label={t.copySecret} />
      </p>
    </Panel>
  );
}
