import type { ReactNode } from "react";
import { Button } from "@/ui/Button";
import { Popover } from "./Popover";
import { Question } from "./Question";

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
  onYes: (reason: string) => void;
}

/** A button that asks before it acts, and why. */
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
        <Question
          label={label}
          question={question}
          danger={danger}
          onYes={(reason) => {
            close();
            onYes(reason);
          }}
        />
      )}
    </Popover>
  );
}
