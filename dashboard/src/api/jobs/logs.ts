import { queryOptions } from "@tanstack/react-query";
import type { JsonObject } from "@/lib/json";
import { ask } from "@/api/client";

export interface LogLine {
  at: number;
  level: string;
  message: string;
  /** null for a line that belongs to no attempt. */
  gen: number | null;
  attempt: number | null;
  fields: JsonObject;
}

export const jobLogs = (id: string) =>
  queryOptions({
    queryKey: ["jobs", "logs", id],
    queryFn: async ({ signal }) => {
      const logs = await ask("get", "/jobs/{job_id}/logs", { path: { job_id: id }, signal });
      const lines: LogLine[] = logs.lines
        .map((line) => ({ ...line, at: Date.parse(line.at), fields: ownFields(line.fields as JsonObject) }))
        .sort((a, b) => a.at - b.at);
      return { lines, more: logs.next_cursor !== null, insightsUrl: logs.insights_url };
    },
  });

/** Fields that are equal in every line of the job or of an attempt, and that are shown elsewhere or say nothing here. */
const OF_EVERY_LINE = new Set(["job_type", "correlation_id", "trace_id", "span_id"]);

/** The line's own fields. */
function ownFields(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !OF_EVERY_LINE.has(name)));
}
