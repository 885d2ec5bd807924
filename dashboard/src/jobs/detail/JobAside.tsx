import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { JobDetail } from "@/api/jobs";
import { latency } from "@/api/metrics";
import { config } from "@/config";
import { cx } from "@/lib/cx";
import { bytes } from "@/lib/format";
import { duration } from "@/lib/time";
import { useNow } from "@/live/live";
import { When } from "@/live/When";
import { Code } from "@/ui/Code";
import { Segments } from "@/ui/Field";
import { JsonView } from "@/ui/JsonView";
import { Fact, Panel } from "@/ui/Panel";
import { newestPair, ran, waited } from "@/jobs/measure";
import { resultFiles } from "./preview";
import { HOUR_SPAN, lastHour } from "@/jobs/ranges";
import { ResultFiles } from "./ResultFiles";
import { curl, python } from "./snippets";

/** Show the result: its files, and the value as JSON. */
export function Result({ job }: { job: JobDetail }) {
  if (job.result === null) return null;
  const files = resultFiles(job.result);
  return (
    <Panel title="Result">
      <div className={cx("grid items-start gap-3", files.length > 0 && "xl:grid-cols-2")}>
        {files.length > 0 && <ResultFiles files={files} />}
        <JsonView value={job.result} label="Result as JSON" />
      </div>
    </Panel>
  );
}

export function Payload({ job }: { job: JobDetail }) {
  return (
    <Panel
      title="Payload"
      actions={<span className="nums pe-2 text-xs text-faint">{bytes(job.payloadBytes)}</span>}
    >
      <JsonView value={job.payload} label="Payload as JSON" />
    </Panel>
  );
}

export function JobFacts({ job }: { job: JobDetail }) {
  const now = useNow();
  const first = job.history.reduce<number | null>(
    (least, { startedAt }) => Math.min(least ?? startedAt, startedAt),
    null,
  );
  const wait = first === null ? waited(job, now) : first - job.createdAt;
  const run = ran(job, now);
  return (
    <Panel title="Details">
      <dl className="grid grid-cols-2 gap-x-4 gap-y-3">
        <Fact name="Created">
          <When at={job.createdAt} />
        </Fact>
        <Fact name="Updated">
          <When at={job.updatedAt} />
        </Fact>
        <Fact name="Queue wait (first start)">{wait === null ? "–" : duration(wait)}</Fact>
        <Fact name="Run time">{run === null ? "–" : duration(run)}</Fact>
        <Fact name="Attempts">
          {job.attempts} of {job.maxAttempts}
          {job.gen > 1 && ` (retry ${job.gen - 1})`}
        </Fact>
        <Fact name="Typical run (p50 / p95)">
          <Usual type={job.type} />
        </Fact>
        <Fact name="Correlation id" mono>
          {job.correlationId || "–"}
        </Fact>
        {job.idempotencyKey && (
          <Fact name="Idempotency key" mono>
            {job.idempotencyKey}
          </Fact>
        )}
      </dl>
    </Panel>
  );
}

/** Show how long jobs of the type take. */
function Usual({ type }: { type: string }) {
  const { data } = useQuery({ ...latency("run", type, HOUR_SPAN, lastHour), staleTime: 60_000 });
  return newestPair(data?.points) ?? "–";
}

const LANGUAGES = [
  ["curl", "curl"],
  ["python", "Python"],
] as const;

export function Snippets({ job }: { job: JobDetail }) {
  const [language, setLanguage] = useState<"curl" | "python">("curl");
  const write = language === "curl" ? curl : python;
  return (
    <Panel
      title="Copy as code"
      actions={<Segments label="Language" value={language} options={LANGUAGES} onChange={setLanguage} />}
    >
      <Code text={write(job, config().apiUrl)} label={`As ${language}`} wrap={false} />
    </Panel>
  );
}
