import { useState } from "react";
import type { Attempt } from "@/api/jobs/jobs";
import { duration } from "@/lib/time";
import { Select } from "@/ui/Field";
import { Dialog } from "@/ui/overlay/Dialog";
import { sameStack } from "./compare";
import { SideBySide } from "./SideBySide";
import { t } from "@/texts/en/detail";

/** An attempt, with a name that is unique among the compared attempts. */
export interface Named {
  key: string;
  name: string;
  attempt: Attempt;
}
interface CompareProps {
  title: string;
  /** The labels of the two choices. */
  labels: readonly [string, string];
  /** The newest first; with fewer than two attempts, nothing is shown. */
  entries: Named[];
  onClose: () => void;
}

/** Show two attempts side by side: their times, errors and stack traces. */
export function CompareTwo({ title, labels, entries, onClose }: CompareProps) {
  const [left, setLeft] = useState(entries[1]);
  const [right, setRight] = useState(entries[0]);
  if (!left || !right) return null;
  const options = entries.map(({ key, name }) => [key, name] as const);
  const find = (key: string) => entries.find((one) => one.key === key);
  const [a, b] = [left.attempt, right.attempt];
  return (
    <Dialog open wide onClose={onClose} title={title} description={null} footer={null}>
      <div className="grid gap-x-3 gap-y-2 sm:grid-cols-2">
        <Select label={labels[0]} value={left.key} options={options} onChange={(key) => setLeft(find(key))} />
        <Select
          label={labels[1]}
          value={right.key}
          options={options}
          onChange={(key) => setRight(find(key))}
        />
        {[a, b].map((one, at) => (
          <Facts key={at} attempt={one} />
        ))}
      </div>
      <p className="my-2 text-xs text-soft" data-testid="same-stack">
        {a.stack && b.stack ? (sameStack(a, b) ? t.sameStack : t.otherStack) : t.noStack}
      </p>
      <SideBySide label={t.stacks} left={a.stack ?? ""} right={b.stack ?? ""} />
    </Dialog>
  );
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
