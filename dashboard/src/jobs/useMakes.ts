import { useQuery } from "@tanstack/react-query";
import { jobTypes } from "@/api/types";

/** Return whether jobs of a type create jobs; false until the types are loaded. */
export function useMakes(): (type: string) => boolean {
  const { data } = useQuery(jobTypes());
  return (type) => data?.some((one) => one.type === type && one.enqueues.length > 0) ?? false;
}
