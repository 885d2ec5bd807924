import { texts } from "../texts";

export const english = {
  invalidJson: "Invalid JSON.",
  notJson: (length: number, column: number) => `This is not JSON: line ${length}, column ${column}.`,
  copy: (label: string) => `Copy: ${label}`,
  copied: "Copied",
  required: "required",
  fold: (path: string) => `Fold ${path}`,
  correlationId: "Correlation id",
  copyTheCorrelationId: "Copy the correlation id",
  retry: "Retry",
  close: "Close",
  dismiss: "Dismiss",
  notJsonAnswer: "The answer is not JSON",
  unreachable: "The API cannot be reached.",
  somethingWentWrong: "Something went wrong.",
  storageRefused: (status: number) => `The storage refused the file (${status}). Try again.`,
  noData: "No data in this period.",
  chartFailed: (error: string) => `Couldn't load chart: ${error}`,
  notConfigured: (error: string) => `JobFlow's console is not configured: ${error}`,
  loading: "Loading…",
  months: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
  justNow: "just now",
  ago: (length: string) => `${length} ago`,
  inTime: (length: string) => `in ${length}`,
  tooLong: (characters: number) => `… (${characters} characters)`,
  items: (n: number) => `${n} items`,
  keys: (n: number) => `${n} keys`,
};

export const t = texts("base", english);
