import { ApiError, sentence } from "@/api/numbers/errors";
import { toast } from "@/ui/overlay/toast";
import { asking } from "./actions";
import { t } from "@/texts/en/actions";

export const close = () => asking.set(null);

/** Show why an action failed, with the correlation id if the API returned one. */
export function report(error: unknown): void {
  const id = error instanceof ApiError ? error.correlationId : null;
  toast.problem(sentence(error), id ? { detail: t.correlationId(id) } : {});
}
