import { useState } from "react";
import { sentence } from "@/api/errors";
import { cx } from "@/lib/cx";
import { buttonClass } from "@/ui/Button";
import { IconExternal } from "@/ui/icons";
import { Panel } from "@/ui/Panel";
import { matchingLines } from "./search";
import { LogLines } from "./Logs";
import type { useJobLogs } from "./useJobLogs";

/** Show the newest log lines of a job, with a link to all of them. */
export function LogPanel({ logs }: { logs: ReturnType<typeof useJobLogs> }) {
  const { data, error } = logs;
  const [sought, setSought] = useState("");
  const all = data?.lines ?? [];
  const lines = matchingLines(all, sought);
  const none = error ? `Couldn't load logs: ${sentence(error)}` : data ? "No logs yet." : "Loading logs…";
  return (
    <Panel
      title="Log"
      flush={all.length > 0}
      actions={
        <>
          {all.length > 0 && (
            <input
              type="search"
              aria-label="Search the log"
              placeholder="Search"
              className="h-7 w-32 border border-line bg-bg px-2 text-xs"
              value={sought}
              onChange={(event) => setSought(event.target.value)}
            />
          )}
          {data?.insightsUrl && (
            <a
              href={data.insightsUrl}
              target="_blank"
              rel="noopener noreferrer"
              className={buttonClass("ghost", "sm")}
            >
              CloudWatch <IconExternal width={12} height={12} />
            </a>
          )}
        </>
      }
    >
      {data?.more && (
        <p className="border-b border-line px-4 py-2 text-xs text-soft">
          Newest {all.length} lines. Older lines are in CloudWatch.
        </p>
      )}
      {lines.length > 0 ? (
        <LogLines lines={lines} label="Log of this job" flush />
      ) : (
        <p className={cx("text-sm text-soft", all.length > 0 && "p-4")}>
          {all.length > 0 ? "No lines match." : none}
        </p>
      )}
    </Panel>
  );
}
