import { onDemand } from "@/lib/onDemand";
import type { PopoverProps } from "./PopoverRadix";
import { useOnDemand } from "./useOnDemand";

const PopoverRadix = onDemand(() => import("./PopoverRadix"));

/** A small window beside its button: a form of a few fields, or a question. */
export function Popover(props: PopoverProps) {
  const { wanted, closed } = useOnDemand(props.trigger, "dialog", PopoverRadix.load);
  return wanted ? <PopoverRadix {...props} fallback={closed} /> : closed;
}
