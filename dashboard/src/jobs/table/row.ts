import type { Job } from "@/api/jobs/jobs";
import type { Selection } from "./useSelection";

/** Describe one row, wide or narrow, to the component that draws it. */
export interface RowProps {
  job: Job;
  now: number;
  place: { height: number; transform: string };
  index: number;
  left: boolean;
  selection: Selection;
  selectable: boolean;
  onOpen: (job: Job) => void;
}
