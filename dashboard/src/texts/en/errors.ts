import { count, plural } from "../numbers";
import { texts } from "../texts";

export const english = {
  acknowledge: "Acknowledge",
  resolve: "Resolve",
  deferred: "asked for a later run, not failed",
  reopen: "Reopen",
  resolvedBy: (by: string, at: string) => `Resolved by ${by} ${at}`,
  regressed: "Regressed",
  jobsHadIt: (jobs: number) => `${plural(jobs, "job")} had it`,
  haveIt: "Jobs now:",
  haveItHint:
    "Jobs of all times whose last error is this one. A job that completed or was run again no longer has it.",
  nowIn: (jobs: number, status: string, label: string) =>
    status === "dead_letter"
      ? `${count(jobs)} dead-lettered`
      : status === "retrying"
        ? `${count(jobs)} waiting`
        : `${count(jobs)} ${label.toLowerCase()}`,
  noneHasIt: "No job has this error now",
  acknowledgedBy: (by: string, at: string) => `Acknowledged by ${by} ${at}`,
  cameAgainSince: "· came again since",
  error: "Error",
  lastSeen: (lastSeen: string) => `last seen ${lastSeen}`,
  firstSeen: (firstSeen: string) => `first seen ${firstSeen}`,
  shareOf: (what: string) => `last ${what}`,
  times: (count: string, text: number) => `${count} times; the share of the most frequent error is ${text}%`,
  viewJobs: "View jobs",
  countAndRetry: "Count and retry…",
  compareStacks: "Compare stacks",
  compareJobs: "The error in two jobs",
  oneJob: "One job",
  otherJob: "The other job",
  loadingTheJobs: "Loading the jobs…",
  nothingToCompare: "Fewer than two of its jobs are still there.",
  sinceDeploy: (version: string, length: string) => `since deploy ${version}, ${length} after it`,
  errors: "Errors",
  summary: (total: number, length: number) =>
    `${plural(total, "failed attempt")} in ${plural(length, "group")}`,
  type: "Type",
  allTypes: "All types",
  since: "Since",
  show: "Show",
  allGroups: "All",
  notAcknowledged: "Not acknowledged",
  loadingTheErrors: "Loading the errors",
  noGroupsInThisApi: "This API version has no error groups",
  couldntLoadErrors: "Couldn't load errors",
  noErrorsInThis: "No errors in this period",
  chooseALongerPeriod: "Choose a longer period to see older errors.",
};

export const t = texts("errors", english);
