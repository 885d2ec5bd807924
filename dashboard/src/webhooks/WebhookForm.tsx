import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { ApiError, sentence } from "@/api/numbers/errors";
import {
  changeWebhook,
  createWebhook,
  type Ended,
  type NewSecret,
  type Webhook,
} from "@/api/queues/webhooks";
import { focusProblem } from "@/lib/focusProblem";
import { Button, buttonClass } from "@/ui/Button";
import { Field, inputClass } from "@/ui/Field";
import { toast } from "@/ui/overlay/toast";
import { Panel } from "@/ui/Panel";
import { Reason } from "@/ui/Reason";
import { t } from "@/texts/en/webhooks";

const ENDS: Ended[] = ["completed", "failed", "dead_letter", "cancelled"];
const listed = (text: string) =>
  text
    .split(",")
    .map((one) => one.trim())
    .filter(Boolean);

/** Edit a new webhook, or the settings of `webhook`. The secret of a new one is given to `onSecret`. */
export function WebhookForm({
  webhook,
  onSecret,
}: {
  webhook: Webhook | null;
  onSecret: (secret: NewSecret) => void;
}) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const [name, setName] = useState(webhook?.name ?? "");
  const [url, setUrl] = useState(webhook?.url ?? "");
  const [types, setTypes] = useState(webhook?.types.join(", ") ?? "");
  const [tags, setTags] = useState(webhook?.tags.join(", ") ?? "");
  const [statuses, setStatuses] = useState<Ended[]>(webhook?.statuses ?? []);
  const [reason, setReason] = useState("");
  const save = useMutation({
    mutationFn: async () => {
      const settings = { url: url.trim(), types: listed(types), tags: listed(tags), statuses };
      if (webhook) return changeWebhook(webhook.name, settings, reason);
      onSecret(await createWebhook(name.trim(), settings, reason));
    },
    onSuccess: async () => {
      toast.done(webhook ? t.savedDone(name) : t.createdDone(name));
      await client.invalidateQueries({ queryKey: ["webhooks"] });
      void navigate({ to: "/webhooks", search: {} });
    },
    onError: (error) => {
      toast.problem(sentence(error));
      focusProblem();
    },
  });
  const problems = save.error instanceof ApiError ? save.error.errors : [];
  const wrong = (field: string) => problems.find((one) => String(one.loc[0]) === field)?.msg;
  const flip = (one: Ended) =>
    setStatuses((now) => (now.includes(one) ? now.filter((other) => other !== one) : [...now, one]));
  return (
    <form
      noValidate
      className="mx-auto flex max-w-3xl flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <h1 className="py-1 text-lg font-semibold">{webhook ? t.editOf(webhook.name) : t.newWebhook}</h1>
      <Panel title={t.settings}>
        <div className="flex flex-col gap-4">
          {!webhook && (
            <Text
              label={t.name}
              hint={t.nameHint}
              error={wrong("name")}
              value={name}
              onChange={setName}
              required
            />
          )}
          <Text label={t.url} hint={t.urlHint} error={wrong("url")} value={url} onChange={setUrl} required />
          <Text label={t.types} hint={t.typesHint} error={wrong("types")} value={types} onChange={setTypes} />
          <Text label={t.tags} hint={t.tagsHint} error={wrong("tags")} value={tags} onChange={setTags} />
          <fieldset className="flex flex-wrap gap-x-4 gap-y-1 text-sm">
            <legend className="mb-1 text-xs font-medium">{t.statuses}</legend>
            {ENDS.map((one) => (
              <label key={one} className="flex items-center gap-1.5">
                <input type="checkbox" checked={statuses.includes(one)} onChange={() => flip(one)} />
                {t.ends[one]}
              </label>
            ))}
            <p className="w-full text-xs text-faint">{t.statusesHint}</p>
          </fieldset>
          <Reason reason={reason} onChange={setReason} />
        </div>
      </Panel>
      <div className="flex flex-wrap items-center justify-end gap-3 border border-line bg-panel p-3">
        <p className="min-w-0 flex-1 text-xs text-soft" role="status">
          {problems.length > 0 ? t.fixTheFields : ""}
        </p>
        <Link to="/webhooks" search={{}} className={buttonClass("plain")}>
          {t.cancel}
        </Link>
        <Button type="submit" tone="primary" disabled={save.isPending}>
          {save.isPending ? t.saving : webhook ? t.save : t.create}
        </Button>
      </div>
    </form>
  );
}

interface TextProps {
  label: string;
  hint: string;
  error: string | undefined;
  value: string;
  onChange: (next: string) => void;
  required?: boolean;
}

function Text({ label, hint, error, value, onChange, required }: TextProps) {
  return (
    <Field label={label} hint={hint} error={error} required={required}>
      {(control) => (
        <input
          {...control}
          className={inputClass}
          value={value}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}
