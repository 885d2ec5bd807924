import type { ReactNode } from "react";
import { Button } from "@/ui/Button";
import { Popover } from "./Popover";

interface AskProps {
  /** The name of the button, and of the button that confirms. */
  label: string;
  /** The visible word of the button. */
  word: string;
  question: ReactNode;
  danger?: boolean;
  icon?: ReactNode;
  size?: "sm" | "md";
  disabled?: boolean;
  onYes: () => void;
}

/** A button that asks before it acts. */
export function Ask({ label, word, question, danger = false, icon, size = "sm", disabled, onYes }: AskProps) {
  return (
    <Popover
      label={label}
      trigger={
        <Button
          size={size}
          icon={icon}
          tone={danger ? (size === "sm" ? "ghost" : "danger") : "plain"}
          aria-label={label}
          disabled={disabled}
        >
          {word}
        </Button>
      }
    >
      {(close) => (
        <>
          <div className="mb-3 text-sm">{question}</div>
          <Button
            tone={danger ? "danger" : "primary"}
            onClick={() => {
              close();
              onYes();
            }}
          >
            {label}
          </Button>
        </>
      )}
    </Popover>
  );
}
