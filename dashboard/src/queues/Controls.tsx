import { Link } from "@tanstack/react-router";
import type { TypeNumbers } from "@/api/metrics";
import { useMe } from "@/session/session";
import { buttonClass } from "@/ui/Button";
import { IconPlus } from "@/ui/icons";
import { PauseButton } from "./PauseButton";
import { t } from "@/texts/en/queues";

/** Offer to pause or resume a type and to create one of its jobs, as far as the role allows. */
export function Controls({ type, numbers }: { type: string; numbers: TypeNumbers | undefined }) {
  const { can } = useMe();
  return (
    <>
      {can.administer && numbers && <PauseButton type={type} paused={numbers.paused} />}
      {can.act && (
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
