import { plural } from "../numbers";
import type { english } from "../en/fanout";

export const fanout: typeof english = {
  cell: (id, key, status, error) => [`Job ${id}`, key, status, error].filter(Boolean).join(", "),
  group: (status, n) => `${status}: ${plural(n, "Job", "Jobs")}`,
  list: (status, n) => `Liste: ${plural(n, "Job", "Jobs")}, ${status}`,
  listOfMore: (status, n) => `Liste: mindestens ${plural(n, "Job", "Jobs")}, ${status}`,
  keys: "Die Pfeiltasten gehen von Job zu Job, Enter öffnet einen.",
  ofType: (n) => plural(n, "Job", "Jobs"),
  key: "Schlüssel",
  took: "lief",
};
