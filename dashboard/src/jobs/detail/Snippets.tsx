import { useState } from "react";
import type { JobDetail } from "@/api/jobs/jobs";
import { config } from "@/config";
import { Code } from "@/ui/Code";
import { Segments } from "@/ui/Field";
import { Panel } from "@/ui/Panel";
import { client, curl, python, typescript } from "@/jobs/snippets";
import { t } from "@/texts/en/detail";

const LANGUAGES = [
  ["curl", "curl"],
  ["client", "Python"],
  ["typescript", "TypeScript"],
  ["python", t.withoutLibrary],
] as const;
const WRITE = { curl, client, typescript, python };

/** Show the request that creates the same job, as code to copy. */
export default function Snippets({ job }: { job: JobDetail }) {
  const [language, setLanguage] = useState<keyof typeof WRITE>("curl");
  const name = LANGUAGES.find(([one]) => one === language)?.[1] ?? "";
  return (
    <Panel
      title={t.copyAsCode}
      actions={<Segments label={t.language} value={language} options={LANGUAGES} onChange={setLanguage} />}
    >
      <Code text={WRITE[language](job, config().apiUrl)} label={t.asLanguage(name)} wrap={false} short />
    </Panel>
  );
}
