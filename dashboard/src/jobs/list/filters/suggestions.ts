import { STATUSES } from "@/jobs/status";

interface Known {
  types: string[];
  tags: string[];
  tenants: string[];
  schedules: string[];
  errors: string[];
  fields: string[];
}

const MOST_OFFERED = 12;

/** Return the search box's suggestions for a text: existing filters. Plain text needs no filter: it is searched everywhere. */
export function suggestions(text: string, known: Known): string[] {
  const typed = text.trim();
  const all = [
    ...known.types.map((type) => `type:${type}`),
    ...STATUSES.map((status) => `status:${status}`),
    ...known.tenants.map((tenant) => `tenant:${tenant}`),
    ...known.tags.map((tag) => `tag:${tag}`),
    ...known.schedules.map((schedule) => `schedule:${schedule}`),
    ...known.errors.map((error) => `error:${error}`),
    ...known.fields.map((field) => `payload:${field}=`),
  ];
  const before = typed.slice(0, typed.lastIndexOf(" ") + 1);
  const last = typed.slice(before.length).toLowerCase();
  const fitting = all.filter((one) => one.toLowerCase().includes(last)).slice(0, MOST_OFFERED);
  return [...new Set(fitting)].map((one) => before + one);
}
