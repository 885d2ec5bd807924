import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { ApiError, sentence } from "@/api/numbers/errors";
import { change, create, type Schedule, type Settings } from "@/api/queues/schedules";
import { hasPriorities, type JobType } from "@/api/types";
import { fromApi, type Problems } from "@/create/fields/problems";
import { PayloadPanel } from "@/create/PayloadPanel";
import { starter } from "@/create/starter";
import { TypePicker } from "@/create/TypePicker";
import { focusProblem } from "@/lib/focusProblem";
import { Button, buttonClass } from "@/ui/Button";
import { toast } from "@/ui/overlay/toast";
import { Panel } from "@/ui/Panel";
import { Reason } from "@/ui/Reason";
import { Preview } from "./Preview";
import { TimeFields } from "./TimeFields";
import { t } from "@/texts/en/schedules";

/** Edit a new schedule, or replace `schedule`: the type, the times, the payload, and a preview of the firings. */
export function ScheduleForm({ types, schedule }: { types: JobType[]; schedule: Schedule | null }) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const [id, setId] = useState(schedule?.id ?? "");
  const [draft, setDraft] = useState<Settings>(() => schedule ?? begin(types[0]));
  const [broken, setBroken] = useState<string | null>(null);
  const [problems, setProblems] = useState<Problems>({});
  const [reason, setReason] = useState("");
  const type = types.find((one) => one.type === draft.type);
  const ranked = type !== undefined && hasPriorities(type);
  const edit = (part: Partial<Settings>) => {
    setProblems({});
    setDraft((now) => ({ ...now, ...part }));
  };
  const save = useMutation({
    mutationFn: () => {
      const { type: name, cron, timezone, payload, catchUp, overlap } = draft;
      const priority = ranked ? draft.priority : "normal";
      const settings = { type: name, cron, timezone, payload, catchUp, overlap, priority };
      return schedule ? change(schedule, settings, reason) : create(id, settings, reason);
    },
    onSuccess: async () => {
      toast.done(schedule ? t.saved(id) : t.createdDone(id));
      await client.invalidateQueries({ queryKey: ["schedules"] });
      void navigate({ to: "/schedules" });
    },
    onError: (error) => {
      if (error instanceof ApiError && error.errors.length > 0) setProblems(fromApi(error.errors));
      toast.problem(sentence(error));
      focusProblem();
    },
  });
  return (
    <form
      noValidate
      className="mx-auto flex max-w-3xl flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (broken === null) save.mutate();
      }}
    >
      <h1 className="py-1 text-lg font-semibold">{schedule ? t.editTitle(schedule.id) : t.createTitle}</h1>
      {type && (
        <TypePicker
          types={types}
          value={type}
          onChange={(next) => edit({ type: next.type, payload: starter(next) })}
        />
      )}
      <Panel title={t.times}>
        <TimeFields
          id={schedule ? null : id}
          onId={setId}
          settings={draft}
          problems={problems}
          onChange={edit}
          ranked={ranked}
        />
        <Preview settings={draft} schedule={schedule} />
      </Panel>
      {type && (
        <PayloadPanel
          type={type}
          payload={draft.payload}
          problems={problems}
          onChange={(payload) => edit({ payload })}
          onBroken={setBroken}
        />
      )}
      <Reason reason={reason} onChange={setReason} className="border border-line bg-panel p-4" />
      <div className="sticky bottom-14 flex flex-wrap items-center justify-end gap-3 border border-line bg-panel p-3 sm:bottom-0">
        <p className="min-w-0 flex-1 text-xs text-soft" role="status">
          {broken ?? (Object.keys(problems).length > 0 ? t.fixTheFields : "")}
        </p>
        <Link to="/schedules" search={{}} className={buttonClass("plain")}>
          {t.cancel}
        </Link>
        <Button type="submit" tone="primary" disabled={save.isPending}>
          {save.isPending ? t.saving : schedule ? t.save : t.create}
        </Button>
      </div>
    </form>
  );
}

function begin(type: JobType | undefined): Settings {
  return {
    type: type?.type ?? "",
    cron: "0 6 * * *",
    timezone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
    payload: type ? starter(type) : {},
    catchUp: 1,
    overlap: "allow",
    priority: "normal",
  };
}
