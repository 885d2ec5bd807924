import { lazy, Suspense, useState, type ReactNode } from "react";
import type { JobDetail, OperatorAct } from "@/api/jobs/jobs";
import { Button } from "@/ui/Button";
import { IconBan, IconCheck, IconEdit, IconPlay, IconRetry } from "@/ui/icons";
import { Step } from "./Step";
import { t } from "@/texts/en/detail";

const ComparePayloads = lazy(() => import("@/jobs/detail/compare/ComparePayloads"));

const LOOK: Record<OperatorAct["action"], { icon: ReactNode; title: (by: string) => string }> = {
  retry: { icon: <IconRetry width={13} height={13} />, title: t.actRetry },
  cancel: { icon: <IconBan width={13} height={13} />, title: t.actCancel },
  "run-now": { icon: <IconPlay width={13} height={13} />, title: t.actRunNow },
  discard: { icon: <IconCheck width={13} height={13} />, title: t.actDiscard },
};

interface ActProps {
  job: JobDetail;
  act: OperatorAct;
}

/** Show what an operator did to the job, and the operator's name. */
export function ActStep({ job, act }: ActProps) {
  const { icon, title } = LOOK[act.action];
  return (
    <Step
      icon={act.edited ? <IconEdit width={13} height={13} /> : icon}
      title={act.edited ? t.actEdit(act.by) : title(act.by)}
      at={act.at}
    >
      {act.inBulk && t.inBulk}
      {act.edited && <Compare job={job} act={act} />}
    </Step>
  );
}

function Compare({ job, act }: ActProps) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button size="sm" className="mt-1" onClick={() => setOpen(true)}>
        {t.comparePayloads}
      </Button>
      {open && (
        <Suspense>
          <ComparePayloads job={job} act={act} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
