import { plural } from "../numbers";
import { texts } from "../texts";

export const english = {
  cell: (id: string, key: string | null, status: string, error: string | null) =>
    [`Job ${id}`, key, status, error].filter(Boolean).join(", "),
  group: (status: string, n: number) => `${status}: ${plural(n, "job")}`,
  list: (status: string, n: number) => `List: ${plural(n, "job")}, ${status}`,
  listOfMore: (status: string, n: number) => `List: at least ${plural(n, "job")}, ${status}`,
  keys: "Arrow keys move between the jobs, Enter opens one.",
  ofType: (n: number) => plural(n, "job"),
  key: "Key",
  took: "ran for",
};

export const t = texts("fanout", english);
