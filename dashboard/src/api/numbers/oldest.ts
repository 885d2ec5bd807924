import { queryOptions } from "@tanstack/react-query";
import { fetchSeries, type Range } from "./metrics";

/** The wait of the oldest job at each step, in milliseconds; null if no job waited. */
export const oldestWait = (type: string, span: string, range: () => Range) =>
  queryOptions({
    queryKey: ["series", "oldest", type, span],
    queryFn: async ({ signal }) => {
      const wire = await fetchSeries("oldest", type, range(), signal);
      return wire.points.flatMap((p) =>
        "oldest_s" in p ? [{ t: Date.parse(p.t), age: p.oldest_s === null ? null : p.oldest_s * 1000 }] : [],
      );
    },
  });
