import { useQuery } from "@tanstack/react-query";
import { isStatus, sentence } from "@/api/numbers/errors";
import type { JobDetail, OperatorAct } from "@/api/jobs/jobs";
import { pastPayload } from "@/api/jobs/payloads";
import { inOrder } from "./compare";
import { keptAfter } from "@/jobs/detail/timeline/acts";
import { pretty } from "@/lib/json";
import { Dialog } from "@/ui/overlay/Dialog";
import { SideBySide } from "./SideBySide";
import { t } from "@/texts/en/detail";

interface CompareProps {
  job: JobDetail;
  /** A retry with another payload. */
  act: OperatorAct;
  onClose: () => void;
}

/** Show the payload before and after it was edited, side by side. The earlier payload is loaded when it is opened. */
export default function ComparePayloads({ job, act, onClose }: CompareProps) {
  const before = useQuery({ ...pastPayload(job.id, act.gen - 1), retry: false });
  const kept = keptAfter(job, act);
  const later = useQuery({ ...pastPayload(job.id, kept ?? 0), retry: false, enabled: kept !== null });
  const after = kept === null ? job.payload : later.data;
  const failed = before.error ?? later.error;
  const told = failed ? (isStatus(failed, 404) ? t.payloadGone : sentence(failed)) : t.loadingPayloads;
  const ready = before.data !== undefined && after !== undefined;
  return (
    <Dialog open wide onClose={onClose} title={t.payloadsOf(act.gen - 1)} footer={null}>
      {ready ? (
        <>
          <p className="mb-1 grid grid-cols-2 text-xs text-soft" aria-hidden="true">
            <span>{t.payloadBefore}</span>
            <span className="ps-2">{t.payloadAfter}</span>
          </p>
          <SideBySide
            label={t.bothPayloads}
            left={pretty(inOrder(before.data))}
            right={pretty(inOrder(after))}
          />
        </>
      ) : (
        <p className="text-sm text-soft">{told}</p>
      )}
    </Dialog>
  );
}
