import { Link } from "@tanstack/react-router";
import { buttonClass } from "@/ui/Button";
import { Empty, Failure } from "@/ui/states";
import { t } from "@/texts/en/shell";

/** Say that there is no such page. */
export function Lost() {
  return (
    <Empty
      page
      title={t.pageNotFound}
      action={
        <Link to="/dashboard" className={buttonClass()}>
          {t.viewJobs}
        </Link>
      }
    >
      {t.checkTheLink}
    </Empty>
  );
}

/** Say that a part of the page could not be loaded (after a deployment) or has failed. */
export function Broken({ error }: { error: unknown }) {
  return (
    <Failure
      page
      title={t.somethingWentWrong}
      detail={t.reloadThePage(error instanceof Error ? error.message : t.somethingIsMissing)}
      onRetry={() => location.reload()}
    />
  );
}
