import { sentence } from "@/api/numbers/errors";
import { t } from "@/texts/en/base";

/** Return why numbers cannot be drawn yet; undefined when there are some. */
export function absence({ data, error }: { data: unknown; error: Error | null }): string | undefined {
  if (data !== undefined) return undefined;
  return error ? t.chartFailed(sentence(error)) : t.loading;
}
