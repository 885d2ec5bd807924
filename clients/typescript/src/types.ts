/** The API's document (`schema.gen.ts`) with the names that the client uses. Fields have the API's own names. */
import type { components, paths } from "./schema.gen.ts";

export type Schemas = components["schemas"];
export type JobRow = Schemas["JobRow"];
export type JobDetail = Schemas["JobDetail"];
export type FieldProblem = Schemas["FieldProblem"];
export type BulkAction = Schemas["BulkActionRow"];
/** Numbers of jobs that a bulk action matched, changed and skipped. */
export type BulkTally = Pick<Schemas["BulkAnswer"], "matched" | "done" | "skipped">;

/**
 * The payload of each job type, by the type's name; `npx openapi-typescript` generates it from a stage's
 * document.
 */
export type AnyPayloads = Record<string, object>;

/** The job in the answer to a request. */
export type SubmittedJob = JobRow & {
  /**
   * Why the job already existed: "key" (same key), "unique" (same unique values), or "debounced" (it waited, and
   * was replaced). null: the job is new.
   */
  existing: "key" | "unique" | "debounced" | null;
};

/** The settings of a new job, in addition to its type and its payload. */
export interface Creation extends Omit<Open<Schemas["NewJob"]>, "type" | "payload"> {
  /** Names the job's purpose, such as "order-1042": the same key and body never make a second job. */
  key?: string | undefined;
}

/** A job of a batch. */
export type NewJob<P extends object = AnyPayloads> = {
  [T in keyof P & string]: { type: T; payload: P[T] } & Creation;
}[keyof P & string];

/**
 * The result of one job of a batch, and the job's key. A job that is sent again with its key is never made twice.
 */
export interface BatchedJob {
  status: number;
  job: JobRow | null;
  problem: Schemas["Problem"] | null;
  existing: "key" | "unique" | "debounced" | null;
  key: string;
}

export type Batch = Schemas["BatchDetail"];
/** The settings of a new batch. */
export interface BatchSettings extends Open<Schemas["StartBatch"]> {
  /** Names the batch: the same key and settings never make a second batch. `BatchEnd` contains it. */
  key?: string | undefined;
}

/** A filter of a list of jobs. A job must meet all conditions. */
export type JobFilter = Omit<Query<"get", "/jobs">, "limit" | "offset" | "cursor">;
/** The jobs of an action on many jobs: exactly one of the three. */
export type Which =
  { ids: readonly string[] } | { filter: Open<Schemas["BulkFilter"]> } | { everything: true };

export type Method = "get" | "post" | "put" | "delete";
/** The paths that have this method. */
export type PathOf<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<M, { responses: unknown }> ? P : never;
}[keyof paths];
export type Operation<M extends Method, P extends keyof paths> = Extract<paths[P][M], { responses: unknown }>;

type BodyOf<T> = T extends { content: { "application/json": infer Body } } ? Body : never;
/** The answer of an operation that succeeds. */
export type Answer<O> = O extends { responses: infer R }
  ? BodyOf<R[Extract<keyof R, 200 | 201 | 202>]>
  : never;

type Places<O> = O extends { parameters: infer P }
  ? Open<Pick<P, Extract<keyof P, "path" | "query">>>
  : never;
type Content<O> = O extends { requestBody: { content: { "application/json": infer Body } } }
  ? { body: Open<Body> }
  : O extends { requestBody?: { content: { "application/json": infer Body } } }
    ? { body?: Open<Body> | undefined }
    : unknown;
/** The input of an operation: the names in its path, its query and its body. */
export type Input<O> = Places<O> & Content<O>;
export type Query<M extends Method, P extends PathOf<M>> =
  Operation<M, P> extends { parameters: { query?: infer Q } } ? Open<NonNullable<Q>> : never;

type BuiltIn = keyof Schemas["Payloads"];
/**
 * A part of a request. The document of this repository contains only its own job types, but each stage has
 * others, so a type may be any text. Optional fields may be undefined.
 */
export type Open<T> = T extends BuiltIn
  ? string
  : T extends readonly (infer One)[]
    ? readonly Open<One>[]
    : T extends object
      ? { [K in keyof T]: object extends Pick<T, K> ? Open<T[K]> | undefined : Open<T[K]> }
      : T;
