import { useState, type ReactNode } from "react";
import { Button } from "@/ui/Button";
import { Reason } from "@/ui/Reason";
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

function Question({
  label,
  question,
  danger,
  onYes,
}: Pick<AskProps, "label" | "question" | "onYes"> & { danger: boolean }) {
  const [reason, setReason] = useState("");
  return (
    <form
      className="flex flex-col items-start gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        onYes(reason.trim());
      }}
    >
      <div className="text-sm">{question}</div>
      <Reason reason={reason} onChange={setReason} className="w-full" />
      <Button type="submit" tone={danger ? "danger" : "primary"}>
        {label}
      </Button>
    </form>
  );
}
