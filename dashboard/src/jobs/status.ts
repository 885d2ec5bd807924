import type { ComponentType, SVGProps } from "react";
import type { Job, JobStatus } from "@/api/jobs/jobs";
import { meta } from "@/api/meta";
import {
  IconBan,
  IconBlocked,
  IconCheck,
  IconClock,
  IconCross,
  IconDead,
  IconPause,
  IconQueued,
  IconRetry,
  IconSpinner,
} from "@/ui/icons";
import { t } from "@/texts/en/jobs";

/** An action on one job or on many. */
export type JobAction = "retry" | "cancel" | "discard";
/** An action on one job. */
export type OneAction = JobAction | "run";

interface StatusLook {
  label: string;
  /** A text colour. The icon and the word contain the meaning; the colour only helps. */
  tone: string;
  /** The same colour for SVG and canvas: the name of a CSS variable. */
  color: string;
  icon: ComponentType<SVGProps<SVGSVGElement>>;
  /** Its meaning in one sentence. */
  meaning: string;
}

/** Define how each status is shown, in the order of the tabs. The API defines which actions a status allows. */
export const STATUS: Record<JobStatus, StatusLook> = {
  queued: {
    label: t.queued,
    tone: "text-grey",
    color: "--grey",
    icon: IconQueued,
    meaning: t.queuedMeaning,
  },
  scheduled: {
    label: t.scheduled,
    tone: "text-violet",
    color: "--violet",
    icon: IconClock,
    meaning: t.scheduledMeaning,
  },
  processing: {
    label: t.processing,
    tone: "text-blue",
    color: "--blue",
    icon: IconSpinner,
    meaning: t.processingMeaning,
  },
  retrying: {
    label: t.retrying,
    tone: "text-amber",
    color: "--amber",
    icon: IconRetry,
    meaning: t.retryingMeaning,
  },
  suspended: {
    label: t.suspended,
    tone: "text-violet",
    color: "--violet",
    icon: IconPause,
    meaning: t.suspendedMeaning,
  },
  blocked: {
    label: t.blocked,
    tone: "text-violet",
    color: "--violet",
    icon: IconBlocked,
    meaning: t.blockedMeaning,
  },
  completed: {
    label: t.completed,
    tone: "text-green",
    color: "--green",
    icon: IconCheck,
    meaning: t.completedMeaning,
  },
  failed: {
    label: t.failed,
    tone: "text-red",
    color: "--red",
    icon: IconCross,
    meaning: t.failedMeaning,
  },
  dead_letter: {
    label: t.deadLetter,
    tone: "text-rose",
    color: "--rose",
    icon: IconDead,
    meaning: t.deadLetterMeaning,
  },
  cancelled: {
    label: t.cancelled,
    tone: "text-soft",
    color: "--faint",
    icon: IconBan,
    meaning: t.cancelledMeaning,
  },
};

export const STATUSES = Object.keys(STATUS) as JobStatus[];

const SET = { retry: "retryable", cancel: "cancellable", discard: "discardable", run: "planned" } as const;

/** Return true if the API allows the action in a status; false until the API's sets are loaded. */
export function allows(status: JobStatus, action: OneAction): boolean {
  return meta.get()?.statuses[SET[action]].includes(status) ?? false;
}

/** Return true if the API allows the action on this job: without its payload, a job cannot run again. */
export function accepts(job: Pick<Job, "status" | "payloadRemovedAt">, action: OneAction): boolean {
  return allows(job.status, action) && (action !== "retry" || job.payloadRemovedAt == null);
}

/** Return true for a status that no worker changes any more; false until the sets are loaded. */
export function isFinished(status: JobStatus): boolean {
  return meta.get()?.statuses.finished.includes(status) ?? false;
}

/** The ends of a job that has not done its work. */
export const FAILED = ["failed", "dead_letter"] as const satisfies readonly JobStatus[];

/** Return true for a job that failed or is dead-lettered. */
export function isFailed(status: JobStatus): boolean {
  return FAILED.some((one) => one === status);
}
