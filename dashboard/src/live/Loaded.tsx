import type { ReactNode } from "react";
import { QueryFailure } from "./QueryFailure";

interface LoadedProps<T> {
  query: { data: T | undefined; isError: boolean; error: unknown; refetch: () => Promise<unknown> };
  /** What failed, if it fails. */
  title: string;
  /** What reserves the space until there is data. */
  toCome: ReactNode;
  children: (data: T) => ReactNode;
}

/** Show the data of a query; until there is some, reserve its space or say why the query failed. */
export function Loaded<T>({ query, title, toCome, children }: LoadedProps<T>) {
  if (query.data !== undefined) return children(query.data);
  return query.isError ? <QueryFailure title={title} query={query} /> : toCome;
}
