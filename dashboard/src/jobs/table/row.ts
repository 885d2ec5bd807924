import type { Job } from "@/api/jobs/jobs";
import type { Selection } from "./useSelection";

/** The data of one row, for the components that draw it wide or narrow. */
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
