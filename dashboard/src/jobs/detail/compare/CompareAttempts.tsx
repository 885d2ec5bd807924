import { useState } from "react";
import type { Attempt, JobDetail } from "@/api/jobs";
import { cx } from "@/lib/cx";
import { duration } from "@/lib/time";
import { Select } from "@/ui/Field";
import { Dialog } from "@/ui/overlay/Dialog";
import { keyOf, sameStack, sideBySide } from "./compare";
import { retries, runName } from "@/jobs/detail/runs";
import { t } from "@/texts/en/detail";

interface CompareProps {
  job: JobDetail;
  onClose: () => void;
}

/** Show two attempts of a job side by side: their times, errors and stacks. */
export default function CompareAttempts({ job, onClose }: CompareProps) {
  const newest = [...job.history].sort((a, b) => b.startedAt - a.startedAt);
  const [left, setLeft] = useState(newest[1]);
  const [right, setRight] = useState(newest[0]);
  if (!left || !right) return null;
  const options = newest.map((one) => [keyOf(one), nameOf(one, job)] as const);
  const find = (key: string) => newest.find((one) => keyOf(one) === key);
  return (
    <Dialog open wide onClose={onClose} title={t.compareAttempts} description={null} footer={null}>
      <div className="grid gap-x-3 gap-y-2 sm:grid-cols-2">
        <Select
          label={t.firstAttempt}
          value={keyOf(left)}
          options={options}
          onChange={(key) => setLeft(find(key))}
        />
        <Select
          label={t.secondAttempt}
          value={keyOf(right)}
          options={options}
          onChange={(key) => setRight(find(key))}
        />
        {[left, right].map((one, at) => (
          <Facts key={at} attempt={one} />
        ))}
      </div>
      <p className="my-2 text-xs text-soft" data-testid="same-stack">
        {left.stack && right.stack ? (sameStack(left, right) ? t.sameStack : t.otherStack) : t.noStack}
      </p>
      <Stacks left={left.stack ?? ""} right={right.stack ?? ""} />
    </Dialog>
  );
}

function nameOf({ gen, attempt }: Attempt, job: JobDetail): string {
  const run = retries(job) > 0 ? `${runName(gen, job)} · ` : "";
  return run + t.attempt(attempt);
}

function Facts({ attempt }: { attempt: Attempt }) {
  return (
    <p className="min-w-0 text-sm break-words">
      {attempt.durationMs !== null && (
        <span className="nums text-soft">{duration(attempt.durationMs)} · </span>
      )}
      <span className="font-mono text-xs text-red">{attempt.errorClass ?? t.completed}</span>{" "}
      <span dir="auto">{attempt.errorMessage}</span>
    </p>
  );
}

function Stacks({ left, right }: { left: string; right: string }) {
  if (!left && !right) return null;
  return (
    <div
      role="region"
      aria-label={t.stacks}
      tabIndex={0}
      className="max-h-[50vh] overflow-auto border border-line bg-bg font-mono text-xs"
    >
      {sideBySide(left, right).map((pair, at) => (
        <div key={at} className={cx("grid grid-cols-2", pair.left !== pair.right && "bg-hover text-amber")}>
          <code className="px-2 break-words whitespace-pre-wrap">{pair.left}</code>
          <code className="border-s border-line px-2 break-words whitespace-pre-wrap">{pair.right}</code>
        </div>
      ))}
    </div>
  );
}
