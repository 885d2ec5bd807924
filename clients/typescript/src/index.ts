export { JobFlow } from "./client.ts";
export type { BulkOptions, JobOrId, Sending, Signal, Waiting } from "./client.ts";
export {
  ApiError,
  BulkNotFinished,
  ConfigurationError,
  JobFlowError,
  JobNotCompleted,
  NotReached,
  UnexpectedAnswer,
  WaitTimeout,
} from "./errors.ts";
export type { Json, Options } from "./request.ts";
export type { components, operations, paths } from "./schema.gen.ts";
export type {
  AnyPayloads,
  BatchedJob,
  BulkAction,
  BulkTally,
  Creation,
  FieldProblem,
  JobDetail,
  JobFilter,
  JobRow,
  NewJob,
  Open,
  Query,
  Schemas,
  SubmittedJob,
  Which,
} from "./types.ts";
