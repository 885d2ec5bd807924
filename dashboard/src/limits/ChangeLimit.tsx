import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { limitKeys, resetLimit, setLimit, type Limit } from "@/api/limits";
import { sentence } from "@/api/numbers/errors";
import { useMe } from "@/session/session";
import { Button } from "@/ui/Button";
import { Field, inputClass } from "@/ui/Field";
import { IconEdit } from "@/ui/icons";
import { Ask } from "@/ui/overlay/Ask";
import { Popover } from "@/ui/overlay/Popover";
import { toast } from "@/ui/overlay/toast";
import { Reason } from "@/ui/Reason";
import { hasOwnChange, nameOf, numberOf } from "./words";
import { t } from "@/texts/en/limits";

/** Change how many jobs of a limit run at once, or start at a rate, and reset it to the code; for those who may. */
export function ChangeLimit({ limit }: { limit: Limit }) {
  const { can, role } = useMe();
  const name = nameOf(limit);
  const change = useAct(
    ({ n, reason }: { n: number; reason: string }) => setLimit(limit, n, reason),
    ({ n }) => (limit.per === null ? t.changedDone(name, n) : t.changedRate(name, numberOf(n, limit.per))),
  );
  const reset = useAct(
    (reason: string) => resetLimit(limit, reason),
    () => t.resetDone(name),
  );
  if (!can.act) return role === null ? null : <p className="text-xs text-faint">{t.viewerHint}</p>;
  return (
    <div className="flex flex-wrap gap-2">
      {limit.declared && (
        <Popover
          label={t.changeOf(name)}
          trigger={
            <Button icon={<IconEdit />} aria-label={t.changeOf(name)} disabled={change.isPending}>
              {t.change}
            </Button>
          }
        >
          {(close) => (
            <Form
              limit={limit}
              onSet={(n, reason) => {
                close();
                change.mutate({ n, reason });
              }}
            />
          )}
        </Popover>
      )}
      {hasOwnChange(limit) && (
        <Ask
          size="md"
          label={t.resetOf(name)}
          word={t.reset}
          question={questionOf(limit)}
          disabled={reset.isPending}
          onYes={reset.mutate}
        />
      )}
    </div>
  );
}

function questionOf({ value, inCode, per }: Limit): string {
  if (inCode === null) return t.resetGoneQuestion;
  return value === null ? t.resetQuestion(numberOf(inCode, per)) : t.resetValueQuestion;
}

function Form({ limit, onSet }: { limit: Limit; onSet: (n: number, reason: string) => void }) {
  const [typed, setTyped] = useState(String(limit.n ?? ""));
  const [reason, setReason] = useState("");
  const n = /^\d+$/.test(typed.trim()) ? Number(typed) : null;
  const { per, least, most } = limit;
  const fits = n !== null && (n === 0 || (n >= least && n <= most));
  const hint = per === null ? t.newNumberHint(most) : t.newRateHint(least, numberOf(most, per));
  return (
    <form
      className="flex flex-col items-start gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (fits) onSet(n, reason.trim());
      }}
    >
      <Field
        label={per === null ? t.newNumber : t.newStarts(per)}
        hint={hint}
        error={typed !== "" && !fits ? hint : undefined}
        className="w-full"
      >
        {(control) => (
          <input
            {...control}
            inputMode="numeric"
            autoComplete="off"
            className={inputClass}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        )}
      </Field>
      <p className="text-sm">
        {limit.allValues && limit.by !== null && `${t.changeAll(limit.by)} `}
        {per === null ? t.changeMeaning : t.changeRateMeaning}
      </p>
      <Reason reason={reason} onChange={setReason} className="w-full" />
      <Button type="submit" tone={n === 0 ? "danger" : "primary"} disabled={!fits}>
        {fits ? t.setTo(n) : t.change}
      </Button>
    </form>
  );
}

function useAct<Given>(act: (given: Given) => Promise<number>, done: (given: Given) => string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSuccess: (left, given) =>
      toast.done(left > 0 ? `${done(given)} ${t.startWithinMinutes(left)}` : done(given)),
    onError: (error) => toast.problem(sentence(error)),
    onSettled: () => client.invalidateQueries({ queryKey: limitKeys.all }),
  });
}
