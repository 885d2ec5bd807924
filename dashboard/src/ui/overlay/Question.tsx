import { useState, type ReactNode } from "react";
import { Button } from "@/ui/Button";
import { Reason } from "@/ui/Reason";

interface QuestionProps {
  /** The name of the button that confirms. */
  label: string;
  question?: ReactNode;
  danger?: boolean;
  onYes: (reason: string) => void;
}

/** Ask whether, and why. */
export function Question({ label, question, danger = false, onYes }: QuestionProps) {
  const [reason, setReason] = useState("");
  return (
    <form
      className="flex flex-col items-start gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        onYes(reason.trim());
      }}
    >
      {question !== undefined && <div className="text-sm">{question}</div>}
      <Reason reason={reason} onChange={setReason} className="w-full" />
      {/* The name of what is changed may be longer than the popover is wide. */}
      <Button
        type="submit"
        tone={danger ? "danger" : "primary"}
        className="h-auto! min-h-8 max-w-full py-1 text-start whitespace-normal! wrap-anywhere"
      >
        {label}
      </Button>
    </form>
  );
}
