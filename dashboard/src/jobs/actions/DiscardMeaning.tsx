import { t } from "@/texts/en/actions";
import { Field, inputClass } from "@/ui/Field";

interface DiscardProps {
  reason: string;
  onChange: (reason: string) => void;
}

/** Explain what a discard does, and ask for the reason. */
export function DiscardMeaning({ reason, onChange }: DiscardProps) {
  return (
    <>
      <p>{t.discardMeaning}</p>
      <Field label={t.reason} hint={t.reasonHint} className="mt-3">
        {(control) => (
          <input
            {...control}
            className={inputClass}
            maxLength={200}
            value={reason}
            onChange={(event) => onChange(event.target.value)}
          />
        )}
      </Field>
    </>
  );
}
