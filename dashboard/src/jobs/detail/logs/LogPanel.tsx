import { useState } from "react";
import { sentence } from "@/api/numbers/errors";
import { cx } from "@/lib/cx";
import { Button, buttonClass } from "@/ui/Button";
import { IconExternal } from "@/ui/icons";
import { Panel } from "@/ui/Panel";
import { fromLevel, LEVELS, matchingLines, type Level } from "./filter";
import { LogLines } from "./Logs";
import type { useJobLogs } from "./useJobLogs";
import { t } from "@/texts/en/detail";

interface LogProps {
  logs: ReturnType<typeof useJobLogs>;
  /** Whether new lines are loaded and shown; null for a job that has ended. */
  follow: boolean | null;
  onFollow: (on: boolean) => void;
  className?: string;
}

/** Show the newest log lines of a job, with a link to all lines. */
export function LogPanel({ logs, follow, onFollow, className }: LogProps) {
  const { data, error } = logs;
  const [sought, setSought] = useState("");
  const all = data?.lines ?? [];
  const [level, setLevel] = useState<Level>("all");
  const lines = matchingLines(fromLevel(all, level), sought);
  const none = error ? t.couldntLoadLogs(sentence(error)) : data ? t.noLogsYet : t.loadingLogs;
  return (
    <Panel
      title={t.log}
      className={className ?? ""}
      flush={all.length > 0}
      fills
      actions={
        <>
          {all.length > 0 && (
            <input
              type="search"
              aria-label={t.searchTheLog}
              placeholder={t.search}
              className="h-7 w-24 border border-line bg-bg px-2 text-xs sm:w-32"
              value={sought}
              onChange={(event) => setSought(event.target.value)}
            />
          )}
          {all.length > 0 && (
            <select
              aria-label={t.level}
              className="h-7 border border-line bg-bg px-1 text-xs"
              value={level}
              onChange={(event) => setLevel(LEVELS.find((one) => one === event.target.value) ?? "all")}
            >
              {LEVELS.map((one) => (
                <option key={one} value={one}>
                  {t.levels[one]}
                </option>
              ))}
            </select>
          )}
          {follow !== null && (
            <Button
              size="sm"
              tone="ghost"
              role="switch"
              aria-checked={follow}
              aria-label={t.followTheLog}
              onClick={() => onFollow(!follow)}
            >
              <span
                aria-hidden="true"
                className={cx("size-2 border border-current", follow && "bg-current")}
              />
              {t.follow}
            </Button>
          )}
          {data?.insightsUrl && (
            <a
              href={data.insightsUrl}
              target="_blank"
              rel="noopener noreferrer"
              className={buttonClass("ghost", "sm")}
            >
              {t.cloudwatch} <IconExternal width={12} height={12} />
            </a>
          )}
        </>
      }
    >
      {data?.more && (
        <p className="border-b border-line px-4 py-2 text-xs text-soft">{t.onlyNewestLines(all.length)}</p>
      )}
      {lines.length > 0 ? (
        <LogLines lines={lines} label={t.logOfThisJob} flush tail={follow === true} />
      ) : (
        <p className={cx("text-sm text-soft", all.length > 0 && "p-4")}>
          {all.length > 0 ? t.noLinesMatch : none}
        </p>
      )}
    </Panel>
  );
}
