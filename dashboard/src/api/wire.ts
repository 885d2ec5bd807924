import type { Schemas } from "jobflow-aws";

/** The generated types under short names. Only src/api uses them. */
export type WireJob = Schemas["JobRow"];
export type WireDetail = Schemas["JobDetail"];
export type WireAttempt = Schemas["AttemptRow"];
export type WireBulkAction = Schemas["BulkActionRow"];
export type WireBatch = Schemas["BatchRow"];
export type WireBatchDetail = Schemas["BatchDetail"];
export type WireRound = Schemas["BatchRound"];
export type WireMetrics = Schemas["MetricsAnswer"];
export type WireNumbers = Schemas["TypeNumbers"];
export type WireFinding = Schemas["FindingRow"];
export type WireErrors = Schemas["ErrorGroups"];
export type WireMeta = Schemas["Meta"];
export type WireSchedule = Schemas["ScheduleRow"];
export type JobStatus = Schemas["Status"];
export type Priority = Schemas["JobRow"]["priority"];
export type Role = Schemas["Role"];
