import type { KeptStep } from "@/api/jobs/steps";
import { duration } from "@/lib/time";
import { When } from "@/live/When";
import { IconCheck, IconClock, IconPause } from "@/ui/icons";
import { Step } from "./Step";
import { t } from "@/texts/en/detail";

/** Show a kept step, a sleep, a wait or an event as a milestone. `end`: when the sleep or the wait ended. */
export function KeptStepEntry({ step, end }: { step: KeptStep; end: number | null }) {
  const waits = step.kind === "sleep" || step.kind === "wait";
  const Icon = waits ? IconPause : step.timedOut ? IconClock : IconCheck;
  return (
    <Step
      icon={<Icon width={13} height={13} />}
      tone={waits ? "text-violet" : step.timedOut ? "text-amber" : "text-green"}
      title={`${t.stepKinds[step.kind]} ${step.name}`}
      at={step.at}
    >
      {step.timedOut ? (
        t.stepTimedOut
      ) : end !== null ? (
        t.lasted(duration(end - step.at))
      ) : step.until !== null ? (
        <>
          {t.stepUntil} <When at={step.until} />
        </>
      ) : step.tookMs !== null ? (
        t.after(duration(step.tookMs))
      ) : (
        step.by !== null && <bdi>{step.by}</bdi>
      )}
    </Step>
  );
}
