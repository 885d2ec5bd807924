import type { ComponentType, SVGProps } from "react";
import type { JobStatus } from "@/api/jobs";
import {
  IconBan,
  IconCheck,
  IconClock,
  IconCross,
  IconDead,
  IconQueued,
  IconRetry,
  IconSpinner,
} from "@/ui/icons";

export type JobAction = "retry" | "cancel";

interface StatusLook {
  label: string;
  /** A text colour; the icon and the word carry the meaning, the colour only helps. */
  tone: string;
  /** The same colour for SVG and canvas: the name of a CSS variable. */
  color: string;
  icon: ComponentType<SVGProps<SVGSVGElement>>;
  actions: readonly JobAction[];
  terminal: boolean;
  /** Its meaning in one sentence. */
  meaning: string;
}

/** Define how each status is shown and what can be done in it, in the order of the tabs. The only such table. */
export const STATUS: Record<JobStatus, StatusLook> = {
  queued: {
    label: "Queued",
    tone: "text-grey",
    color: "--grey",
    icon: IconQueued,
    actions: ["cancel"],
    terminal: false,
    meaning: "Waiting for a worker.",
  },
  scheduled: {
    label: "Scheduled",
    tone: "text-violet",
    color: "--violet",
    icon: IconClock,
    actions: ["cancel"],
    terminal: false,
    meaning: "Scheduled for later.",
  },
  processing: {
    label: "Processing",
    tone: "text-blue",
    color: "--blue",
    icon: IconSpinner,
    actions: ["cancel"],
    terminal: false,
    meaning: "Running.",
  },
  retrying: {
    label: "Retrying",
    tone: "text-amber",
    color: "--amber",
    icon: IconRetry,
    actions: ["cancel"],
    terminal: false,
    meaning: "Last attempt failed; retrying after backoff.",
  },
  completed: {
    label: "Completed",
    tone: "text-green",
    color: "--green",
    icon: IconCheck,
    actions: [],
    terminal: true,
    meaning: "Completed.",
  },
  failed: {
    label: "Failed",
    tone: "text-red",
    color: "--red",
    icon: IconCross,
    actions: ["retry"],
    terminal: true,
    meaning: "Failed with a non-retryable error.",
  },
  dead_letter: {
    label: "Dead letter",
    tone: "text-rose",
    color: "--rose",
    icon: IconDead,
    actions: ["retry"],
    terminal: true,
    meaning: "All attempts failed. Moved to the dead-letter queue.",
  },
  cancelled: {
    label: "Cancelled",
    tone: "text-soft",
    color: "--faint",
    icon: IconBan,
    actions: ["retry"],
    terminal: true,
    meaning: "Cancelled before completion.",
  },
};

export const STATUSES = Object.keys(STATUS) as JobStatus[];

export function allows(status: JobStatus, action: JobAction): boolean {
  return STATUS[status].actions.includes(action);
}
