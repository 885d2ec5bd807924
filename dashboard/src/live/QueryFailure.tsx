import { ApiError, sentence } from "@/api/numbers/errors";
import { Failure } from "@/ui/states";

interface QueryFailureProps {
  /** It replaces the whole page. */
  page?: boolean;
  /** It is a panel of its own, and not in one. */
  framed?: boolean;
  title: string;
  query: { error: unknown; refetch: () => Promise<unknown> };
}

/** Say why a query failed, and offer to repeat it. */
export function QueryFailure({ query: { error, refetch }, ...named }: QueryFailureProps) {
  return (
    <Failure
      {...named}
      detail={sentence(error)}
      correlationId={error instanceof ApiError ? error.correlationId : null}
      onRetry={() => void refetch()}
    />
  );
}
