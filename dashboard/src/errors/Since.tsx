import type { ErrorGroup } from "@/api/numbers/metrics";
import { useDeploys } from "@/jobs/useDeploys";
import { spell } from "@/lib/time";
import { useNow } from "@/live/live";
import { sinceDeploy } from "./samples";
import { t } from "@/texts/en/errors";

/**
 * Name the deployment after which the error first occurred, if it first occurred within the shown `span` milliseconds.
 */
export function Since({ group, span }: { group: ErrorGroup; span: number }) {
  const now = useNow();
  const deploy = sinceDeploy(group, useDeploys(), now - span);
  if (!deploy) return null;
  return (
    <span className="font-medium text-amber" data-testid="since-deploy">
      {t.sinceDeploy(deploy.version, spell(group.firstSeen - deploy.at))}
    </span>
  );
}
