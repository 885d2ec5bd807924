import type { components } from "./schema.gen";

/** The generated types under short names. Nothing outside src/api sees them. */
type Schemas = components["schemas"];
export type WireJob = Schemas["JobRow"];
export type WireDetail = Schemas["JobDetail"];
export type WireCancelled = Schemas["CancelledJob"];
export type WireAttempt = Schemas["AttemptRow"];
export type WirePage = Schemas["JobPage"];
export type WirePayload = Schemas["PastPayload"];
export type WireLogs = Schemas["LogPage"];
export type WireBulkAction = Schemas["BulkActionRow"];
export type WireBulk = Schemas["BulkAnswer"];
/** Every part may be left out (the generator takes a default for a promise), and types come and go with deployments. */
export type WireBulkFilter = Partial<Omit<Schemas["BulkFilter"], "type">> & { type?: string };
export type WireMetrics = Schemas["MetricsAnswer"];
export type WireNumbers = Schemas["TypeNumbers"];
export type WireSeries = Schemas["Series"];
export type WireFindings = Schemas["Findings"];
export type WireErrors = Schemas["ErrorGroups"];
export type WireJobTypes = Schemas["JobTypes"];
export type WireTenants = Schemas["Tenants"];
export type WireUpload = Schemas["UploadForm"];
export type WireMeta = Schemas["Meta"];
export type WireMe = Schemas["Me"];
export type WireSchedules = Schemas["SchedulePage"];
export type WireSchedule = Schemas["ScheduleRow"];
export type WirePreview = Schemas["Preview"];
export type JobStatus = Schemas["Status"];
export type Role = Schemas["Role"];
