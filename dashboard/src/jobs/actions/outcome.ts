import { ApiError, sentence } from "@/api/errors";
import type { JobAction } from "@/jobs/status";
import { toast } from "@/ui/overlay/toast";
import { asking } from "./actions";

export const VERB: Record<JobAction, string> = { retry: "Retry", cancel: "Cancel" };

export const close = () => asking.set(null);

/** Show why an action failed, with the correlation id when the API gave one. */
export function report(error: unknown): void {
  const id = error instanceof ApiError ? error.correlationId : null;
  toast.problem(sentence(error), id ? { detail: `correlation id ${id}` } : {});
}
