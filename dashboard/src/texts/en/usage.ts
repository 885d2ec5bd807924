import { plural } from "../numbers";
import { texts } from "../texts";

export const english = {
  title: "What jobs cost",
  inUtc: "Whole days in UTC",
  refused: "Your token cannot see what jobs cost",
  refusedHint: "It is for some tenants only, and these sums are of all tenants.",
  typeRefused: (type: string) => `No sums of ${type}`,
  couldntLoad: "Couldn't load what jobs cost",
  loading: "Loading what jobs cost",
  type: "Type",
  allTypes: "All types",
  period: "Period",
  periods: {
    month: "Month",
    "last-month": "Last month",
    "7d": "7 d",
    "30d": "30 d",
    "90d": "90 d",
  },
  sum: "Sum",
  used: (jobs: number, attempts: number, time: string) =>
    `${plural(jobs, "job")}, ${plural(attempts, "attempt")}, ${time} of run time`,
  retriesCost: (retries: number, amount: string, share: string) =>
    `${plural(retries, "retry", "retries")}: ${amount} (${share})`,
  run: "Run time",
  requests: "Requests of the attempts",
  storing: "Storing jobs",
  counting: "Counting",
  keeping: "Keeping for 30 days",
  byDay: "Cost by day",
  withoutRetries: "Without retries",
  retries: "Retries",
  budgets: "Budgets of today",
  budgetOf: (type: string) => `Budget of ${type}`,
  ofBudget: (spent: string, budget: string) => `${spent} of ${budget}`,
  budgetStates: {
    fine: "",
    warns: "Near the budget",
    spent: "Budget spent, and not paused",
    stopped: "Paused until midnight (UTC): budget spent",
    paused: "Paused",
  },
  whatCosts: "What costs most",
  group: "Group by",
  byType: "By type",
  byTenant: "By tenant",
  none: "No jobs in this period",
  noneHint: "Sums appear some seconds after the jobs. They are kept for 90 days.",
  noTenants:
    "No jobs are counted by tenant in this period. A type is, if it has fair_by or serial_by, and spending=Spending(by_tenant=True).",
  truncated: "There are too many tenants: jobs of the oldest days are in the row without a tenant.",
  withoutTenant: "Without a tenant",
  jobsOf: (...names: string[]) => `Jobs of ${names.join(", ")}`,
  jobs: "Jobs",
  attempts: "Attempts",
  runTime: "Run time",
  ofAll: (share: string) => `${share} of all`,
  dearest: "Dearest runs",
  workerLost: "Worker lost",
  noDearest: "No stored job has a run of a second or longer in this period.",
  dearestHint: "From the ten longest runs of each type and day. Jobs that are no longer stored are left out.",
  estimate: (region: string, prices: string) =>
    `An estimate at list prices of ${region} (${prices}), without free allowances and without what an idle stage costs.`,
};

export const t = texts("usage", english);
