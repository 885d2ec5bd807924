import { Link } from "@tanstack/react-router";
import { buttonClass } from "@/ui/Button";
import { Empty, Failure } from "@/ui/states";

/** No such page. */
export function Lost() {
  return (
    <Empty
      page
      title="There is no such page"
      action={
        <Link to="/dashboard" className={buttonClass()}>
          See the jobs
        </Link>
      }
    >
      The address may have been cut off on its way here.
    </Empty>
  );
}

/** A part of the page could not be loaded (after a deployment) or broke. */
export function Broken({ error }: { error: unknown }) {
  return (
    <Failure
      page
      title="This page broke"
      detail={`${error instanceof Error ? error.message : "Something is missing."} Loading it again usually helps; your place is in the address.`}
      onRetry={() => location.reload()}
    />
  );
}
