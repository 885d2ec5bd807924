import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { previewBulk, type BulkTally } from "@/api/jobs/bulk";
import { countBulk } from "@/api/jobs/bulkActions";
import { sentence } from "@/api/numbers/errors";
import { stringify } from "@/lib/json";
import { actionOf, type ManyAsk } from "./actions";
import { changing } from "./bulkWords";
import type { JobAction } from "@/jobs/status";
import { t } from "@/texts/en/actions";

/** The progress of a question's count. */
export interface Count {
  /** The number of jobs that will change; null until it is exact. */
  exact: BulkTally | null;
  /** The number of jobs counted so far. */
  soFar: number;
  /** Why there is no count, as a sentence; null while counting continues. */
  problem: string | null;
  again: () => void;
}

const ONCE = { gcTime: 0, staleTime: Infinity };

/**
 * Count the jobs of a question completely: the first jobs with a few requests from here, the others on the platform.
 * Without a question, nothing is counted.
 */
export function useCount(question: ManyAsk | null): Count {
  const many = question?.kind === "many" ? question : null;
  const action = question ? actionOf(question) : "retry";
  // As text, because an integer of a payload may be a bigint.
  const asked = stringify(many && [action, many.target, many.edit]);
  const [looked, setLooked] = useState({ asked, jobs: 0 });
  const preview = useQuery({
    queryKey: ["bulk-preview", asked],
    queryFn: ({ signal }) => (many ? previewBulk(action, many.target, signal, many.edit) : null),
    enabled: many !== null,
    ...ONCE,
  });
  const more = preview.data?.more === true;
  const all = useQuery({
    queryKey: ["bulk-count", asked],
    queryFn: ({ signal }) =>
      many ? countAll(action, many, signal, (jobs) => setLooked({ asked, jobs })) : null,
    enabled: more,
    retry: false,
    ...ONCE,
  });
  const failed = more ? all : preview;
  return {
    exact: (more ? all.data : preview.data) ?? null,
    soFar: Math.max(looked.asked === asked ? looked.jobs : 0, preview.data ? changing(preview.data) : 0),
    problem: failed.isError ? sentence(failed.error) : null,
    again: () => {
      setLooked({ asked, jobs: 0 });
      void failed.refetch();
    },
  };
}

/** Let the platform count; raise an error if an operator stopped the count. */
async function countAll(
  action: JobAction,
  { target, edit }: Pick<Extract<ManyAsk, { kind: "many" }>, "target" | "edit">,
  signal: AbortSignal,
  onLook: (soFar: number) => void,
): Promise<BulkTally> {
  const { state, problem, matched, skipped } = await countBulk(action, target, signal, onLook, edit);
  if (state !== "done") throw new Error(problem ?? t.countStopped);
  return { matched: matched - skipped, done: 0, skipped: [], more: false };
}
