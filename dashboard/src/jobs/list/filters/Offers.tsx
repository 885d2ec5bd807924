import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import type { JobPage } from "@/api/jobs/jobs";
import { errorGroups } from "@/api/numbers/metrics";
import { schedules } from "@/api/queues/schedules";
import { jobTypes } from "@/api/types";
import { isObject, type Json } from "@/lib/json";
import { weekAgo } from "@/jobs/search";
import { suggestions } from "./suggestions";

/** Suggest filters for the text, from the types, tenants, tags, schedules, errors and fields that exist. */
export default function Offers({ text }: { text: string }) {
  const client = useQueryClient();
  const types = useQuery(jobTypes()).data;
  const groups = useQuery({ ...errorGroups(undefined, "7d", weekAgo), staleTime: 300_000 });
  const timed = useQuery({ ...schedules(), staleTime: 300_000 });
  const offers = useMemo(() => {
    const heads = client.getQueriesData<JobPage>({ queryKey: ["jobs", "head"] });
    const tags = heads.flatMap(([, head]) => head?.jobs.flatMap((job) => job.tags) ?? []);
    const tenants = heads.flatMap(([, head]) => head?.jobs.flatMap((job) => job.tenant ?? []) ?? []);
    const errors = groups.data?.flatMap((group) => group.errorClass ?? []) ?? [];
    const payloads = heads.flatMap(([, head]) => head?.jobs.map((job) => job.payload) ?? []);
    const examples = types?.flatMap((one) => one.example ?? []) ?? [];
    const fields = [...new Set([...payloads, ...examples].flatMap(fieldsOf))];
    const known = { types: types?.map((one) => one.type) ?? [], tags, tenants, errors, fields };
    return suggestions(text, { ...known, schedules: timed.data?.map((one) => one.id) ?? [] });
  }, [client, text, types, groups.data, timed.data]);
  return offers.map((offer) => <option key={offer} value={offer} />);
}

/** Return the names of the fields of a payload. */
function fieldsOf(payload: Json): string[] {
  return isObject(payload) ? Object.keys(payload) : [];
}
