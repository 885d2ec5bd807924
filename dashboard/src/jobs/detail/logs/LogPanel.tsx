import { sentence } from "@/api/errors";
import { buttonClass } from "@/ui/Button";
import { IconExternal } from "@/ui/icons";
import { Panel } from "@/ui/Panel";
import { LogLines } from "./Logs";
import type { useJobLogs } from "./useJobLogs";

/** Show the newest log lines of a job, with a link to all of them. */
export function LogPanel({ logs }: { logs: ReturnType<typeof useJobLogs> }) {
  const { data, error } = logs;
  const lines = data?.lines ?? [];
  const none = error ? `Couldn't load logs: ${sentence(error)}` : data ? "No logs yet." : "Loading logs…";
  return (
    <Panel
      title="Log"
      flush={lines.length > 0}
      actions={
        data?.insightsUrl && (
          <a
            href={data.insightsUrl}
            target="_blank"
            rel="noopener noreferrer"
            className={buttonClass("ghost", "sm")}
          >
            CloudWatch <IconExternal width={12} height={12} />
          </a>
        )
      }
    >
      {data?.more && (
        <p className="border-b border-line px-4 py-2 text-xs text-soft">
          Newest {lines.length} lines. Older lines are in CloudWatch.
        </p>
      )}
      {lines.length > 0 ? (
        <LogLines lines={lines} label="Log of this job" flush />
      ) : (
        <p className="text-sm text-soft">{none}</p>
      )}
    </Panel>
  );
}
