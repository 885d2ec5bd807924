import { cloneElement, useState, type ReactElement } from "react";

interface TriggerProps {
  onClick?: () => void;
  onPointerEnter?: () => void;
  onFocus?: () => void;
  "aria-haspopup"?: "menu" | "dialog";
  "aria-expanded"?: boolean;
}

/** A button whose window is loaded when it is needed: hovering over it loads the code, a click opens the window. */
export function useOnDemand(trigger: ReactElement, popup: "menu" | "dialog", load: () => Promise<unknown>) {
  const [wanted, setWanted] = useState(false);
  const fetchCode = () => void load();
  const closed = cloneElement(trigger as ReactElement<TriggerProps>, {
    onClick: () => setWanted(true),
    onPointerEnter: fetchCode,
    onFocus: fetchCode,
    "aria-haspopup": popup,
    "aria-expanded": false,
  });
  return { wanted, closed };
}
