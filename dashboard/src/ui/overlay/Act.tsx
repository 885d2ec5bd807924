import { Button, type ButtonProps } from "@/ui/Button";
import { cx } from "@/lib/cx";
import { IconDown } from "@/ui/icons";
import { t } from "@/texts/en/base";
import { Popover } from "./Popover";
import { Question } from "./Question";

interface ActProps extends Pick<ButtonProps, "tone" | "size" | "icon" | "className"> {
  /** The name of the action, if its word does not say on what. */
  label?: string;
  /** The visible word of the button. */
  word: string;
  disabled?: boolean;
  /** Called with an empty reason, or with the one that the user gave. */
  onAct: (reason: string) => void;
}

/** A button that acts at once, and a small one beside it that asks for the reason first. */
export function Act({ word, label = word, disabled, onAct, icon, tone, size = "sm", className }: ActProps) {
  return (
    <span className={cx("inline-flex shrink-0 gap-px", className)}>
      <Button
        size={size}
        tone={tone ?? "plain"}
        icon={icon}
        aria-label={label}
        disabled={disabled}
        onClick={() => onAct("")}
      >
        {word}
      </Button>
      <Popover
        label={t.withReason(label)}
        trigger={
          <Button
            size={size}
            tone={tone ?? "plain"}
            aria-label={t.withReason(label)}
            title={t.withReason(label)}
            disabled={disabled}
            className="w-6 px-0!"
          >
            <IconDown width={12} height={12} />
          </Button>
        }
      >
        {(close) => (
          <Question
            label={label}
            onYes={(reason) => {
              close();
              onAct(reason);
            }}
          />
        )}
      </Popover>
    </span>
  );
}
