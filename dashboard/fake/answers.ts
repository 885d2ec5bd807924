import type { components } from "jobflow-aws";
import { STATUSES, fingerprint, iso, row, tenantOf, type FakeJob, type Status, within } from "./sim/model";
import { percentile } from "./sim/minutes";
import type { Sim } from "./sim/sim";
import { types } from "./sim/types";

type Schemas = components["schemas"];

export interface Narrow {
  status?: string | null;
  type?: string | null;
  tag?: string | null;
  tenant?: string | null;
  id_prefix?: string | null;
  error?: string | null;
  payload?: string | null;
  fingerprint?: string | null;
  parent?: string | null;
  batch?: string | null;
  round?: string | number | null;
  schedule?: string | null;
  created_after?: string | null;
  created_before?: string | null;
  finished_after?: string | null;
  finished_before?: string | null;
}

/** The jobs that match, newest first. */
export function matching(sim: Sim, which: Narrow): FakeJob[] {
  const words = which.error?.toLowerCase();
  return [...sim.jobs.values()]
    .filter(
      (job) =>
        (!which.status || job.status === which.status) &&
        (!which.type || job.type === which.type) &&
        (!which.parent || job.parent === which.parent) &&
        (!which.batch || job.batch === which.batch) &&
        (!which.round || job.round === Number(which.round)) &&
        (!which.schedule || job.tags.includes(`schedule:${which.schedule}`)) &&
        (!which.tag || job.tags.includes(which.tag)) &&
        (!which.tenant || tenantOf(job) === which.tenant) &&
        (!which.id_prefix || job.id.startsWith(which.id_prefix)) &&
        (!which.fingerprint || row(job).fingerprint === which.fingerprint) &&
        (!which.payload || holds(job.payload, which.payload)) &&
        (!words || `${job.errorClass} ${job.errorMessage}`.toLowerCase().includes(words)) &&
        within(job.createdAt, which.created_after, which.created_before) &&
        within(job.finishedAt, which.finished_after, which.finished_before),
    )
    .sort((a, b) =>
      which.batch ? (a.id < b.id ? -1 : 1) : b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1),
    );
}

/** True when a value of the payload holds the text; "field=text" asks one field. */
function holds(payload: unknown, text: string): boolean {
  const [, field, wanted = text] = /^([A-Za-z_][\w.]*)=(.*)$/s.exec(text) ?? [];
  const values = (value: unknown, name = ""): [string, string][] =>
    typeof value === "object" && value !== null
      ? Object.entries(value).flatMap(([key, inner]) => values(inner, Array.isArray(value) ? name : key))
      : [[name, String(value)]];
  return values(payload).some(
    ([name, value]) =>
      (field === undefined || name === field) && value.toLowerCase().includes(wanted.toLowerCase()),
  );
}

type Numbers = Omit<
  Schemas["TypeNumbers"],
  "oldest_queued_age_s" | "in_flight" | "paused" | "paced_for_s" | "pause"
>;

function numbers(jobs: FakeJob[]): Numbers {
  const by = Object.fromEntries(STATUSES.map((status) => [status, 0])) as Record<Status, number>;
  for (const job of jobs) by[job.status] += 1;
  return {
    total_jobs: jobs.length,
    active_jobs: by.queued + by.processing + by.retrying,
    completed_jobs: by.completed,
    failed_jobs: by.failed,
    dead_letter_jobs: by.dead_letter,
    queue_length: by.queued,
    retry_queue_length: by.retrying,
    dlq_length: by.dead_letter,
    by_status: by,
  };
}

function pauseOf(sim: Sim, type: string): Schemas["PauseNote"] | null {
  const pause = sim.paused.get(type);
  return pause ? { ...pause, since: iso(pause.since), next_probe_at: pause.next_probe_at ?? null } : null;
}

/** Return the longest wait at the end of a step, in seconds, of the jobs that were waiting for their first start then. */
function oldestAt(jobs: FakeJob[], wanted: string[], at: number): number | null {
  const ages = jobs
    .filter((job) => wanted.includes(job.type) && job.createdAt < at && (job.startedAt ?? at) >= at)
    .filter((job) => job.status === "queued" || job.startedAt !== null)
    .map((job) => (at - job.createdAt) / 1000);
  return ages.length > 0 ? Math.max(...ages) : null;
}

/** Return the longest wait in seconds: of a job that waits, and of those that started (milliseconds). */
function longest(waiting: number | null, started: number[]): number | null {
  const all = [...started.map((ms) => ms / 1000), ...(waiting === null ? [] : [waiting])];
  return all.length > 0 ? Math.max(...all) : null;
}

export function metrics(sim: Sim): Schemas["MetricsAnswer"] {
  const now = sim.now();
  const jobs = [...sim.jobs.values()];
  const byType = types.map(({ type }): [string, Schemas["TypeNumbers"]] => {
    const mine = jobs.filter((job) => job.type === type);
    const ages = mine.filter((job) => job.status === "queued").map((job) => (now - job.createdAt) / 1000);
    const oldest = ages.length ? Math.max(...ages) : null;
    const inFlight = mine.filter((job) => job.status === "processing").length;
    return [
      type,
      {
        ...numbers(mine),
        oldest_queued_age_s: oldest,
        in_flight: inFlight,
        paused: sim.paused.has(type),
        paced_for_s: sim.rates[type]?.paced_for_s ?? null,
        pause: pauseOf(sim, type),
      },
    ];
  });
  return {
    ...numbers(jobs),
    by_type: Object.fromEntries(byType),
    by_queue: {},
    deploys: sim.deploys,
    as_of: iso(now),
  };
}

/** Count the jobs that were created before a moment and had not ended then. */
function unfinishedAt(jobs: FakeJob[], wanted: string[], at: number): number {
  return jobs.filter(
    (job) => wanted.includes(job.type) && job.createdAt < at && (job.finishedAt ?? Infinity) >= at,
  ).length;
}

export function series(sim: Sim, query: URLSearchParams): Schemas["Series"] {
  const metric = (query.get("metric") ?? "throughput") as Schemas["Series"]["metric"];
  const step = Number(query.get("step") ?? 60);
  const type = query.get("type");
  const from = Date.parse(query.get("from") ?? iso(sim.now() - 3_600_000));
  const to = Date.parse(query.get("to") ?? iso(sim.now()));
  const wanted = type ? [type] : types.map((one) => one.type);
  const jobs = [...sim.jobs.values()];
  const points: Schemas["Series"]["points"][number][] = [];
  for (let at = Math.floor(from / (step * 1000)) * step * 1000; at < to; at += step * 1000) {
    const sum = sim.minutes.sum(wanted, at, step * 1000);
    if (metric === "throughput") points.push({ t: iso(at), ...sum.counts });
    else if (metric === "depth")
      points.push({ t: iso(at), depth: unfinishedAt(jobs, wanted, at + step * 1000) });
    else if (metric.endsWith("_spread"))
      points.push({ t: iso(at), counts: octaves(metric === "wait_spread" ? sum.wait : sum.run) });
    else if (metric === "oldest")
      points.push({
        t: iso(at),
        oldest_s: longest(oldestAt(jobs, wanted, Math.min(at + step * 1000, sim.now())), sum.wait),
      });
    else {
      const values = metric === "wait" ? sum.wait : sum.run;
      points.push({
        t: iso(at),
        count: values.length,
        p50: percentile(values, 0.5),
        p95: percentile(values, 0.95),
        p99: percentile(values, 0.99),
      });
    }
  }
  const queued = matching(sim, { status: "queued", type }).length;
  return {
    metric,
    type,
    from: iso(from),
    to: iso(to),
    step_s: step,
    points: points as Schemas["Series"]["points"],
    drain_eta_s: queued * 0.4,
  };
}

/** Count durations by powers of two. */
function octaves(values: number[]): Schemas["Octave"][] {
  const found = new Map<number, number>();
  for (const ms of values) {
    const top = 2 ** Math.max(0, Math.ceil(Math.log2(ms)));
    found.set(top, (found.get(top) ?? 0) + 1);
  }
  return [...found].sort(([a], [b]) => a - b).map(([top, count]) => ({ up_to_ms: top, count }));
}

/** Who acknowledged or resolved an error group, and when. */
export function markOf(sim: Sim, key: string) {
  const mark = sim.acknowledged.get(key);
  return { acknowledged_by: mark?.by ?? null, acknowledged_at: mark ? iso(mark.at) : null };
}

function stateOf(sim: Sim, group: Schemas["ErrorGroup"]): Schemas["ErrorGroup"]["state"] {
  const mark = sim.acknowledged.get(group.fingerprint);
  if (!mark) return "open";
  if (Date.parse(group.last_seen) > mark.at) return mark.resolved ? "regressed" : "open";
  return mark.resolved ? "resolved" : "acknowledged";
}

const SPARKS = 24;

export function errorGroups(sim: Sim, query: URLSearchParams): Schemas["ErrorGroups"] {
  const now = sim.now();
  const since = Date.parse(query.get("since") ?? iso(now - 86_400_000));
  const step = (now - since) / SPARKS;
  const groups = new Map<string, Schemas["ErrorGroup"]>();
  for (const job of matching(sim, { type: query.get("type") })) {
    const met = new Set<string>();
    for (const attempt of job.history) {
      const at = Date.parse(attempt.finished_at ?? attempt.started_at);
      if (!attempt.error_class || at < since) continue;
      const key = fingerprint(job.type, attempt.error_class);
      const group = groups.get(key) ?? {
        fingerprint: key, type: job.type, error_class: attempt.error_class,
        message: attempt.error_message ?? "", count: 0, first_seen: iso(at), last_seen: iso(at), sample_job_ids: [],
        sparkline: Array.from({ length: SPARKS }, () => 0), sparkline_step_s: Math.round(step / 1000), jobs: 0, state: "open",
        ...markOf(sim, key),
      }; // prettier-ignore
      group.count += 1;
      if (!met.has(key)) group.jobs += 1;
      met.add(key);
      if (iso(at) < group.first_seen) group.first_seen = iso(at);
      if (iso(at) > group.last_seen) group.last_seen = iso(at);
      if (group.sample_job_ids.length < 5 && !group.sample_job_ids.includes(job.id))
        group.sample_job_ids.push(job.id);
      const slot = Math.min(SPARKS - 1, Math.floor((at - since) / step));
      group.sparkline[slot] = (group.sparkline[slot] ?? 0) + 1;
      groups.set(key, group);
    }
  }
  for (const group of groups.values()) group.state = stateOf(sim, group);
  const sorted = [...groups.values()].sort((a, b) => b.count - a.count);
  return { groups: sorted.slice(0, 100), truncated: sorted.length > 100, since: iso(since), as_of: iso(now) };
}

/** The jobs that have an error now, by status. */
export function errorJobs(sim: Sim, key: string): Schemas["ErrorJobs"] {
  const jobs = matching(sim, { fingerprint: key });
  const by: Record<string, number> = {};
  for (const { status } of jobs) by[status] = (by[status] ?? 0) + 1;
  return { fingerprint: key, by_status: by, looked: jobs.length, complete: true, as_of: iso(sim.now()) };
}

/** The ten tenants of a type with the most jobs at work. */
export function tenants(sim: Sim, type: string): Schemas["Tenants"] {
  const atWork = [...sim.jobs.values()].filter(
    (job) => job.type === type && ["queued", "processing", "retrying"].includes(job.status),
  );
  const found = new Map<string, number>();
  for (const job of atWork) {
    const tenant = tenantOf(job);
    if (tenant !== null) found.set(tenant, (found.get(tenant) ?? 0) + 1);
  }
  const most = [...found].sort((a, b) => b[1] - a[1]).slice(0, 10);
  return { tenants: most.map(([tenant, jobs]) => ({ tenant, jobs })), looked: atWork.length, complete: true };
}
