import { useQuery } from "@tanstack/react-query";
import { metrics } from "@/api/numbers/metrics";
import { jobTypes } from "@/api/types";
import { cx } from "@/lib/cx";
import { setPrefs, usePrefs } from "@/session/prefs";
import { useMe } from "@/session/session";
import { IconButton } from "@/ui/Button";
import { IconCheck, IconClose } from "@/ui/icons";
import { Panel } from "@/ui/Panel";
import { firstSteps, STEPS } from "./steps";
import { t } from "@/texts/en/list";

/** Show the first steps on a new platform, until all are done or the user closes the list. */
export default function FirstSteps() {
  const { can } = useMe();
  const { firstSteps: shown, jobSeen } = usePrefs();
  const numbers = useQuery({ ...metrics(), staleTime: Infinity }).data;
  const types = useQuery(jobTypes()).data;
  if (shown === "closed" || !can.act || !numbers || !types) return null;
  const done = firstSteps(
    numbers,
    types.map(({ type }) => type),
    jobSeen,
  );
  if (!done) return null;
  return (
    <Panel
      title={t.firstSteps(done.size, STEPS.length)}
      flush
      actions={
        <IconButton
          label={t.closeFirstSteps}
          className="size-7"
          onClick={() => setPrefs({ firstSteps: "closed" })}
        >
          <IconClose width={12} height={12} />
        </IconButton>
      }
    >
      <ol className="divide-y divide-line">
        {STEPS.map((step) => (
          <li key={step} className="flex items-center gap-3 px-4 py-2 text-sm">
            <span
              aria-hidden="true"
              className={cx(
                "flex size-5 shrink-0 items-center justify-center border",
                done.has(step) ? "border-green text-green" : "border-strong",
              )}
            >
              {done.has(step) && <IconCheck width={11} height={11} />}
            </span>
            <span className={cx(done.has(step) && "text-soft line-through")}>
              {t.steps[step]}
              {done.has(step) && <span className="sr-only"> {t.stepDone}</span>}
            </span>
          </li>
        ))}
      </ol>
    </Panel>
  );
}
