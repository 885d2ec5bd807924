/**
 * Create many jobs in portions, send unstored jobs again, and keep every answer. Each job has a key, and its
 * result contains the key. However a batch ended, the same jobs can be sent again.
 */
import { ApiError, JobFlowError, UnexpectedAnswer } from "./errors.ts";
import { checkTimes } from "./request.ts";
import { segment, type Transport } from "./retry.ts";
import type { BatchedJob, NewJob, Schemas } from "./types.ts";

/** Maximum number of jobs that one request creates. */
const MOST = 25;
/** The status of a job that the API could not store, or for which it gave no answer: the job may exist. */
const NOT_STORED = 503;

type Result = Omit<BatchedJob, "key">;
/** Where jobs are sent. */
interface Target {
  transport: Transport;
  path: string;
  signal?: AbortSignal | undefined;
  traceparent?: string | undefined;
}

/**
 * Create any number of jobs and return one result for each, in the same order. Raises an error of the first
 * request. `batch` is the id of the batch of which they are members: a member without a key gets the hash of its
 * request as its key.
 */
export async function createMany<P extends object>(
  transport: Transport,
  jobs: Iterable<NewJob<P>>,
  { signal, traceparent }: Omit<Target, "transport" | "path"> = {},
  batch?: string,
): Promise<BatchedJob[]> {
  if (typeof (jobs as Partial<typeof jobs> | undefined)?.[Symbol.iterator] !== "function")
    throw new TypeError("batch takes a list of jobs: write [{ type, payload }].");
  const keyed = [...jobs].map(({ key, ...job }) => ({
    ...job,
    idempotency_key: batch !== undefined && key === undefined ? undefined : keyOf(key),
  }));
  keyed.forEach(checkTimes);
  // Encode all jobs before sending: an error in one job's JSON must not hide which other jobs were made.
  const bodies = keyed.map((job) => transport.wire.json.stringify(job));
  const path = batch === undefined ? "/jobs/batch" : `/batches/${segment(batch)}/jobs`;
  const results = await inPortions({ transport, path, signal, traceparent }, bodies);
  return results.map((one, place) => ({ ...one, key: keyed[place]?.idempotency_key ?? "" }));
}

const hex = (byte: number) => byte.toString(16).padStart(2, "0");

/**
 * Return the key, or a generated one if there is none. Raises TypeError for an invalid key, and for an empty one:
 * if a generated key replaced it, a repeated call would make a second job.
 */
export function keyOf(key: string | undefined): string {
  // Not `randomUUID`, because pages without TLS do not have it.
  if (key === undefined) return Array.from(crypto.getRandomValues(new Uint8Array(16)), hex).join("");
  if (typeof key === "string" && /^[!-~]{1,255}$/.test(key)) return key;
  throw new TypeError(
    `${JSON.stringify(key)} is not a valid idempotency key: it must have 1 to 255 visible ASCII characters.`,
  );
}

/**
 * Send one portion after the other; divide a portion that is too large into halves. After an error, nothing more
 * is sent, and the error becomes the result of all other jobs. If the error came before the first answer, it is
 * raised.
 */
async function inPortions(to: Target, bodies: string[]): Promise<Result[]> {
  const results: Result[] = [];
  const left: string[][] = [];
  for (let start = 0; start < bodies.length; start += MOST) left.unshift(bodies.slice(start, start + MOST));
  for (let some = left.pop(); some !== undefined; some = left.pop()) {
    try {
      results.push(...(await portion(to, some)));
    } catch (error) {
      const half = some.length >> 1;
      if (error instanceof ApiError && error.status === 413 && half)
        left.push(some.slice(half), some.slice(0, half));
      else if (error instanceof ApiError && error.status === 413) results.push(failed(error));
      else if (!(error instanceof JobFlowError) || results.length === 0) throw error;
      else return [...results, ...bodies.slice(results.length).map(() => failed(error))];
    }
  }
  return results;
}

/** Send some jobs in one request, then the unstored jobs again with the same keys. */
async function portion(to: Target, bodies: string[]): Promise<Result[]> {
  const { transport, signal } = to;
  const results = await sent(to, bodies);
  for (let tried = 1; ; tried += 1) {
    const places = [...results.keys()].filter((place) => results[place]?.status === NOT_STORED);
    const wait = places.length > 0 ? transport.waitAfter(tried, null) : null;
    if (wait === null) return results;
    await transport.effects.sleep(wait, signal);
    const these = places.map((place) => bodies[place] ?? "");
    const again = await sent(to, these).catch((error: unknown) => {
      if (!(error instanceof JobFlowError)) throw error;
    });
    // The results so far show which jobs were created, and the others can be sent again.
    if (!again) return results;
    again.forEach((one, at) => (results[places[at] ?? 0] = madeHere(one)));
  }
}

/**
 * Return the result of a job that was sent again. If its key existed, the first request made the job, so it is
 * new.
 */
function madeHere(one: Result): Result {
  return one.existing === "key" ? { ...one, existing: null } : one;
}

async function sent({ transport, path, signal, traceparent }: Target, bodies: string[]): Promise<Result[]> {
  const text = `{"jobs":[${bodies.join(",")}]}`;
  const { body, again } = await transport.send({
    method: "POST",
    path,
    text,
    repeatable: true,
    signal,
    traceparent,
  });
  const { results } = body as Schemas["BatchAnswer"];
  if ((results as unknown[] | undefined)?.length !== bodies.length)
    throw new UnexpectedAnswer(
      `${bodies.length} jobs were sent in a batch, and another number of results came.`,
    );
  return again ? results.map(madeHere) : results;
}

/** Return an error of a whole request as the result of one of its jobs. */
function failed(error: JobFlowError): Result {
  const told = error instanceof ApiError ? error : new ApiError(NOT_STORED, { detail: error.message });
  const { status, type, title, detail, correlationId } = told;
  const problem = {
    type: status === 413 && told.kind === null ? "urn:jobflow:problem:body-too-large" : type,
    title,
    status,
    detail,
    errors: [...told.errors],
    correlation_id: correlationId,
  };
  return { status, job: null, problem, existing: null };
}
