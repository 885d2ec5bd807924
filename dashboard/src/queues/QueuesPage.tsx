import { QueryFailure } from "@/live/QueryFailure";
import { useQuery } from "@tanstack/react-query";
import { metrics } from "@/api/numbers/metrics";
import { jobTypes } from "@/api/types";
import { STEADY, usePolling } from "@/live/live";
import { Empty, PanelToCome } from "@/ui/states";
import { QueueCard } from "./QueueCard";
import { t } from "@/texts/en/queues";

/** /queues: a card for each job type. */
export function QueuesPage() {
  const types = useQuery(jobTypes());
  const { data } = useQuery({ ...metrics(), ...usePolling(STEADY) });
  return (
    <div className="flex flex-col gap-3">
      <header className="flex flex-wrap items-baseline gap-x-4 py-1">
        <h1 className="text-lg font-semibold">{t.queues}</h1>
        <p className="text-sm text-soft">{t.oneQueuePerJob}</p>
      </header>
      {types.isError && !types.data ? (
        <QueryFailure framed title={t.couldntLoadJobTypes} query={types} />
      ) : (
        <div className="grid gap-3 lg:grid-cols-2 xl:grid-cols-3">
          {types.data?.map((type) => (
            <QueueCard key={type.type} type={type} numbers={data?.byType[type.type]} />
          ))}
          {types.isPending && [1, 2, 3].map((n) => <PanelToCome key={n} className="h-[420px]" />)}
        </div>
      )}
      {types.data?.length === 0 && (
        <Empty framed title={t.noJobTypes}>
          {t.writeAFileIn}
        </Empty>
      )}
    </div>
  );
}
