import type { JobType } from "@/api/types";
import { count } from "@/texts/numbers";
import { duration } from "@/lib/time";
import { JsonView } from "@/ui/JsonView";
import { Fact } from "@/ui/Panel";
import { t } from "@/texts/en/queues";

/** Show the settings of a job type and the schema of its payload. */
export function Definition({ type, open = false }: { type: JobType; open?: boolean }) {
  return (
    <details className="border-t border-line" open={open}>
      <summary className="px-4 py-2 text-sm text-soft hover:bg-hover hover:text-text">
        {t.definitionAndSchema}
      </summary>
      <div className="flex flex-col gap-3 px-4 pb-4">
        <p className="text-sm break-words whitespace-pre-line text-soft">{type.description}</p>
        <dl className="grid grid-cols-3 gap-x-4 gap-y-2">
          <Fact name={t.attempts}>{type.maxAttempts}</Fact>
          <Fact name={t.timeout}>{duration(type.timeout * 1000)}</Fact>
          <Fact name={t.timeBudgetPerJob}>{duration(type.budget * 1000)}</Fact>
          <Fact name={t.batch}>{type.batchSize}</Fact>
          <Fact name={t.concurrency}>{type.concurrency}</Fact>
          <Fact name={t.memory}>{t.mb(count(type.memory))}</Fact>
        </dl>
        <JsonView value={type.schema} label={t.schemaOf(type.type)} />
      </div>
    </details>
  );
}
