import { STATUSES } from "@/jobs/status";

interface Known {
  types: string[];
  tags: string[];
  errors: string[];
  fields: string[];
}

const MOST_OFFERED = 12;

/** Return what the search box offers for a text: what exists first, then the text as each kind of filter. */
export function suggestions(text: string, known: Known): string[] {
  const typed = text.trim();
  const all = [
    ...known.types.map((type) => `type:${type}`),
    ...STATUSES.map((status) => `status:${status}`),
    ...known.tags.map((tag) => `tag:${tag}`),
    ...known.errors.map((error) => `error:${error}`),
    ...known.fields.map((field) => `payload:${field}=`),
  ];
  const before = typed.slice(0, typed.lastIndexOf(" ") + 1);
  const last = typed.slice(before.length).toLowerCase();
  const fitting = all.filter((one) => one.toLowerCase().includes(last)).slice(0, MOST_OFFERED);
  const bare =
    last && !last.includes(":") ? [`tag:${last}`, `error:${last}`, `payload:${last}`, `id:${last}`] : [];
  return [...new Set([...fitting, ...bare])].map((one) => before + one);
}
