import { Link } from "@tanstack/react-router";
import type { TypeNumbers } from "@/api/metrics";
import type { JobType } from "@/api/types";
import { useMe } from "@/session/session";
import { buttonClass } from "@/ui/Button";
import { IconPlus } from "@/ui/icons";
import { PauseButton } from "./PauseButton";
import { t } from "@/texts/en/queues";

interface ControlsProps {
  type: Pick<JobType, "type" | "retired">;
  numbers: TypeNumbers | undefined;
}

/** Offer to pause or resume a type and to create one of its jobs, as far as the role and the type allow. */
export function Controls({ type: { type, retired }, numbers }: ControlsProps) {
  const { can } = useMe();
  return (
    <>
      {can.administer && numbers && <PauseButton type={type} paused={numbers.paused} />}
      {can.act && !retired && (
        <Link to="/create" search={{ type }} className={buttonClass("plain", "sm")}>
          <IconPlus width={13} height={13} /> {t.create}
        </Link>
      )}
    </>
  );
}

export function PausedNote({ paused }: { paused: boolean }) {
  if (!paused) return null;
  return (
    <p className="flex items-center gap-2 border-t border-line px-4 py-2 text-sm">
      <span aria-hidden="true" className="hazard h-3 w-8" /> {t.pausedNewJobsAre}
    </p>
  );
}

export function RetiredNote({ retired }: { retired: boolean }) {
  if (!retired) return null;
  return (
    <p className="border-t border-line px-4 py-2 text-sm text-amber" data-testid="retired">
      {t.retired}
    </p>
  );
}
