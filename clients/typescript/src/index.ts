export { JobFlow } from "./client.ts";
export type {
  AuditQuery,
  BulkOptions,
  JobOrId,
  RefusalsQuery,
  SeriesQuery,
  Signal,
  Traced,
  Step,
  Waiting,
  Why,
} from "./client.ts";
export {
  ApiError,
  BatchNotEnded,
  BulkNotFinished,
  ConfigurationError,
  JobFlowError,
  JobNotCompleted,
  MembersNotAdded,
  NotReached,
  UnexpectedAnswer,
  WaitTimeout,
} from "./errors.ts";
export { verifyWebhook, WebhookRefused, type VerifyOptions } from "./webhooks.ts";
export { asking, type Answered, type Ask, type Json, type Sender, type Sending } from "./request.ts";
export type { Options } from "./retry.ts";
export type { components, operations, paths } from "./schema.gen.ts";
export type {
  Answer,
  AnyPayloads,
  Batch,
  BatchedJob,
  BatchSettings,
  BulkAction,
  BulkTally,
  Creation,
  FieldProblem,
  Input,
  JobDetail,
  JobFilter,
  JobRow,
  Method,
  NewJob,
  Open,
  Operation,
  PathOf,
  Query,
  Schemas,
  SubmittedJob,
  Which,
} from "./types.ts";
