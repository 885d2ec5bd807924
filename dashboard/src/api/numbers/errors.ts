import { ApiError, NotReached, UnexpectedAnswer } from "jobflow-aws";
import { t } from "@/texts/en/base";

export { ApiError, type FieldProblem } from "jobflow-aws";

export function isStatus(error: unknown, status: number): error is ApiError {
  return error instanceof ApiError && error.status === status;
}

/** Return one sentence for a toast or a banner. */
export function sentence(error: unknown): string {
  if (error instanceof NotReached) return t.unreachable;
  if (error instanceof UnexpectedAnswer) return t.notJsonAnswer;
  if (error instanceof ApiError) return error.detail;
  if (error instanceof Error) return error.message;
  return t.somethingWentWrong;
}
