import { Link } from "@tanstack/react-router";
import { buttonClass } from "@/ui/Button";
import { Empty, Failure } from "@/ui/states";

/** No such page. */
export function Lost() {
  return (
    <Empty
      page
      title="Page not found"
      action={
        <Link to="/dashboard" className={buttonClass()}>
          View jobs
        </Link>
      }
    >
      Check the link.
    </Empty>
  );
}

/** A part of the page could not be loaded (after a deployment) or broke. */
export function Broken({ error }: { error: unknown }) {
  return (
    <Failure
      page
      title="Something went wrong"
      detail={`${error instanceof Error ? error.message : "Something is missing."} Reload the page.`}
      onRetry={() => location.reload()}
    />
  );
}
