import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo, useReducer, useState } from "react";
import { ApiError, sentence } from "@/api/numbers/errors";
import type { JobDetail } from "@/api/jobs/jobs";
import { retryJob } from "@/api/jobs/steering";
import { createJob } from "@/api/jobs/newJob";
import { meta } from "@/api/meta";
import { shownJob } from "@/api/personal";
import { hasPriorities, type JobType } from "@/api/types";
import type { Priority } from "@/api/wire";
import { refresh } from "@/jobs/actions/actions";
import { accepts, STATUS } from "@/jobs/status";
import { focusProblem } from "@/lib/focusProblem";
import { shortId } from "@/lib/format";
import { stringify } from "@/lib/json";
import { newKey } from "@/lib/newKey";
import { useStore } from "@/lib/store";
import { Button } from "@/ui/Button";
import { Panel } from "@/ui/Panel";
import { toast } from "@/ui/overlay/toast";
import { asObject, checkOptions, NO_LIMITS, NO_OPTIONS, toNewJob } from "./draft";
import { starter } from "./starter";
import { dropDraft, keepDraft, keepSent, keptDraft, type Kept } from "./kept";
import { Changes } from "./Changes";
import { OptionsFields } from "./OptionsFields";
import { PayloadPanel } from "./PayloadPanel";
import { TypePicker } from "./TypePicker";
import { fromApi, type Problems } from "@/create/fields/problems";
import { t } from "@/texts/en/create";

/** Loaded at the same time as the form; until it is loaded, only the API checks a payload. */
const loadCheck = () =>
  import("./fields/validate").then(
    ({ validate }) => validate,
    () => () => ({}),
  );
type Check = Awaited<ReturnType<typeof loadCheck>>;

interface CreateFormProps {
  types: JobType[];
  /** The job to start from. */
  source: JobDetail | null;
  /** Change and retry the source, instead of creating another job. */
  edit: boolean;
  /** The step before which a retry keeps everything. */
  begin?: string | undefined;
  asked: string | undefined;
}

export function CreateForm({ types, source, edit, begin: from, asked }: CreateFormProps) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const limits = useStore(meta)?.limits ?? NO_LIMITS;
  const first = types.find((one) => one.type === (source?.type ?? asked)) ?? types[0];
  const [type, setType] = useState(first);
  const [{ payload, options }, setForm] = useState<Kept>(() => begin(first, source, edit));
  // The idempotency key of the job in this form: if it is sent again after a lost answer, no second job is created.
  const [spareKey, renewKey] = useReducer(newKey, undefined, newKey);
  const [broken, setBroken] = useState<string | null>(null);
  // The time of the last attempt to send: after it, every change is checked.
  const [tried, setTried] = useState<number | null>(null);
  const [refused, setRefused] = useState<Problems>({});
  const [check, setCheck] = useState<Check | null>(null);
  useEffect(() => void loadCheck().then((loaded) => setCheck(() => loaded)), []);

  const mine = useMemo((): Problems => {
    if (tried === null || !type || !check) return {};
    return { ...check(type.schema, payload), ...checkOptions(options, limits, tried) };
  }, [tried, type, check, payload, options, limits]);
  const problems = { ...refused, ...mine };

  const send = useMutation({
    mutationFn: async (): Promise<{ id: string; text: string }> => {
      if (edit && source) {
        await retryJob(source.id, payload, from);
        return { id: source.id, text: t.requeued(shortId(source.id)) };
      }
      const { job, replayed } = await createJob(toNewJob(type?.type ?? "", payload, options), spareKey);
      const text = replayed ? t.alreadyExists(shortId(job.id)) : t.jobCreated(shortId(job.id));
      return { id: job.id, text };
    },
    onSuccess: async ({ id, text }) => {
      renewKey();
      // values that were shown are gone with the page
      if (type && shownJob.get() === null) keepSent(type.type, stringify(payload));
      if (type && !source) dropDraft(type.type);
      toast.done(text);
      await refresh(client);
      void navigate({ to: "/jobs/$id", params: { id } });
    },
    onError: (error) => {
      if (error instanceof ApiError && error.errors.length > 0) setRefused(fromApi(error.errors));
      const id = error instanceof ApiError ? error.correlationId : null;
      const wait = error instanceof ApiError && error.retryAfter ? ` ${t.inSeconds(error.retryAfter)}` : "";
      toast.problem(sentence(error) + wait, id ? { detail: t.correlationId(id) } : {});
      focusProblem();
    },
  });

  if (!type) return null;
  const change = (part: Partial<Kept>) => {
    const next = { payload, options, ...part };
    setForm(next);
    renewKey();
    if (!source) keepDraft(type.type, next);
  };
  const choose = (next: JobType) => {
    setType(next);
    setForm(begin(next, null, false));
    renewKey();
    setTried(null);
    setRefused({});
    void navigate({ to: "/create", search: { type: next.type }, replace: true });
  };
  const submit = async () => {
    const now = Date.now();
    setTried(now);
    const found = { ...(await loadCheck())(type.schema, payload), ...checkOptions(options, limits, now) };
    if (broken === null && Object.keys(found).length === 0) send.mutate();
    else focusProblem();
  };
  const editable = !edit || (source !== null && accepts(source, "retry"));
  return (
    <form
      noValidate
      className="mx-auto flex max-w-3xl flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <h1 className="py-1 text-lg font-semibold">
        {edit && source ? t.editAndRetryJob(shortId(source.id)) : t.createAJob}
      </h1>
      {edit ? (
        <p className="text-sm text-soft">
          {t.requeuesTheJobIn} <code className="font-mono text-text">{type.type}</code> {t.withThisPayload}{" "}
          {from && t.keepsStepsBefore(from)}
        </p>
      ) : (
        <TypePicker types={types} value={type} onChange={choose} />
      )}
      <PayloadPanel
        type={type}
        payload={payload}
        problems={problems}
        onChange={(next) => {
          setRefused({});
          change({ payload: next });
        }}
        onBroken={setBroken}
      />
      {edit && source && <Changes before={source.payload} after={payload} />}
      {!edit && (
        <Panel title={t.options}>
          <OptionsFields
            type={type}
            options={options}
            limits={limits}
            problems={problems}
            onChange={(part) => change({ options: { ...options, ...part } })}
          />
        </Panel>
      )}
      <div className="sticky bottom-14 flex flex-wrap items-center justify-end gap-3 border border-line bg-panel p-3 sm:bottom-0">
        <p className="min-w-0 flex-1 text-xs text-soft" role="status">
          {summary(problems, broken, editable, source)}
        </p>
        <Button type="submit" tone="primary" disabled={send.isPending || !editable}>
          {send.isPending ? t.sending : edit ? t.retryWithThisPayload : t.createJob}
        </Button>
      </div>
    </form>
  );
}

/** Return the first content of the form: the source's payload, the draft of the type, or its example. */
function begin(type: JobType | undefined, source: JobDetail | null, edit: boolean): Kept {
  if (source) {
    const tags = edit ? "" : source.tags.filter((tag) => !tag.startsWith("schedule:")).join(", ");
    const priority = ranked(type, source.priority);
    return { payload: asObject(source.payload), options: { ...NO_OPTIONS, tags, priority } };
  }
  const kept = type ? keptDraft(type.type) : null;
  if (kept) return { ...kept, options: { ...kept.options, priority: ranked(type, kept.options.priority) } };
  return { payload: type ? starter(type) : {}, options: NO_OPTIONS };
}

/** Return the priority if it has an effect for the type now. */
function ranked(type: JobType | undefined, priority: Priority | undefined): Priority {
  return type && hasPriorities(type) ? (priority ?? "normal") : "normal";
}

function summary(
  problems: Problems,
  broken: string | null,
  editable: boolean,
  source: JobDetail | null,
): string {
  if (!editable && source?.payloadRemovedAt != null) return t.noPayload;
  if (!editable) return source ? t.notEditable(STATUS[source.status].label) : t.gone;
  if (broken) return broken;
  const found = Object.entries(problems).filter(([, problem]) => problem);
  if (found.length === 0) return "";
  const [[path, problem] = ["", ""]] = found;
  if (found.length > 1) return t.problems(found.length, path || t.payloadWord, problem);
  return `${path || t.payloadWord}: ${problem}`;
}
