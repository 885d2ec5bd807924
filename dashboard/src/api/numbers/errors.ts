import { t } from "@/texts/en/base";
/** Errors of a request, as the screens see them. */
export interface FieldError {
  loc: (string | number)[];
  msg: string;
}

export class ApiError extends Error {
  override readonly name = "ApiError";
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly correlationId: string | null,
    readonly errors: FieldError[] = [],
    readonly retryAfter: number | null = null,
  ) {
    super(detail || title);
  }
}

/** No answer at all: no network, no API, or an answer that the browser kept from us. */
export class Offline extends Error {
  override readonly name = "Offline";
  constructor() {
    super(t.unreachable);
  }
}

export function isStatus(error: unknown, status: number): error is ApiError {
  return error instanceof ApiError && error.status === status;
}

/** One sentence for a toast or a banner. */
export function sentence(error: unknown): string {
  if (error instanceof ApiError) return error.detail || error.title;
  if (error instanceof Error) return error.message;
  return t.somethingWentWrong;
}
