import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useReducer, useState } from "react";
import { createJob } from "@/api/jobs/newJob";
import { ApiError } from "@/api/numbers/errors";
import { jobTypes, type JobType } from "@/api/types";
import { config } from "@/config";
import { refresh } from "@/jobs/actions/actions";
import { report } from "@/jobs/actions/outcome";
import { client, curl, typescript } from "@/jobs/snippets";
import { isObject, type JsonObject } from "@/lib/json";
import { newKey } from "@/lib/newKey";
import { useMe } from "@/session/session";
import { Button, buttonClass } from "@/ui/Button";
import { Code } from "@/ui/Code";
import { Segments } from "@/ui/Field";
import { IconPlus } from "@/ui/icons";
import { Empty } from "@/ui/states";
import { OF_PLATFORM } from "./steps";
import { t } from "@/texts/en/list";

const LANGUAGES = [
  ["curl", "curl"],
  ["client", "Python"],
  ["typescript", "TypeScript"],
] as const;
const WRITE = { curl, client, typescript };

/** Show how to create the first job of a platform: with one click, or with code that has the real address. */
export function FirstJob() {
  const { can } = useMe();
  const types = useQuery(jobTypes()).data ?? [];
  const type = types.find(
    ({ type, example, retired }) => isObject(example) && !retired && !OF_PLATFORM.includes(type),
  );
  return (
    <>
      <Empty title={t.noJobsYet} action={can.act && <Create type={type} />}>
        {can.act ? t.firstJobHow : t.jobsAppearHereWhen}
      </Empty>
      {can.act && type && <Snippets type={type} />}
    </>
  );
}

/** Offer the example of a type, if there is one, and the page on which every job can be created. */
function Create({ type }: { type: JobType | undefined }) {
  return (
    <>
      {type && <CreateExample type={type} />}
      <Link to="/create" className={buttonClass()}>
        {t.createAJob}
      </Link>
    </>
  );
}

function CreateExample({ type }: { type: JobType }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [key, renewKey] = useReducer(newKey, undefined, newKey);
  const create = useMutation({
    mutationFn: () => createJob({ type: type.type, payload: type.example as JsonObject }, key),
    onSuccess: ({ job }) => {
      void refresh(client);
      void navigate({ to: "/jobs/$id", params: { id: job.id } });
    },
    onError: (error) => {
      // After a lost answer, the same key finds the job that was created.
      if (error instanceof ApiError && error.status < 500) renewKey();
      report(error);
    },
  });
  return (
    <Button tone="primary" icon={<IconPlus />} disabled={create.isPending} onClick={() => create.mutate()}>
      {t.createExample(type.type)}
    </Button>
  );
}

function Snippets({ type: { type, example } }: { type: JobType }) {
  const [language, setLanguage] = useState<keyof typeof WRITE>("curl");
  const name = LANGUAGES.find(([one]) => one === language)?.[1] ?? "";
  // The API's own number of attempts: it is not written.
  const job = { type, payload: example, tags: [] };
  return (
    <div className="mx-auto max-w-3xl px-4 pb-10">
      <div className="mb-2 flex flex-wrap items-center justify-between gap-2 text-sm text-soft">
        <span>{t.orWithCode}</span>
        <Segments label={t.language} value={language} options={LANGUAGES} onChange={setLanguage} />
      </div>
      <Code text={WRITE[language](job, config().apiUrl)} label={name} wrap={false} />
      <p className="mt-2 text-xs text-soft">{t.tokenFrom}</p>
    </div>
  );
}
