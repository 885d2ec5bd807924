import { Reason } from "@/ui/Reason";
import { t } from "@/texts/en/actions";

interface DiscardProps {
  reason: string;
  onChange: (reason: string) => void;
}

/** Explain what a discard does, and ask for the reason. */
export function DiscardMeaning({ reason, onChange }: DiscardProps) {
  return (
    <>
      <p>{t.discardMeaning}</p>
      <Reason reason={reason} onChange={onChange} hint={t.discardHint} className="mt-3" />
    </>
  );
}
