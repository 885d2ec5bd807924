import { t } from "@/texts/en/base";
import { Field, inputClass } from "./Field";

/** Maximum number of characters that the API stores. */
const LONGEST_REASON = 200;

interface ReasonProps {
  reason: string;
  onChange: (reason: string) => void;
  /** Where the reason is shown, if it is more than the audit log. */
  hint?: string;
  className?: string;
}

/** Ask why something is changed; every hint says that no personal data belongs here. */
export function Reason({ reason, onChange, hint = t.reasonHint, className }: ReasonProps) {
  return (
    <Field label={t.reason} hint={hint} className={className ?? ""}>
      {(control) => (
        <input
          {...control}
          className={inputClass}
          maxLength={LONGEST_REASON}
          autoComplete="off"
          value={reason}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}
