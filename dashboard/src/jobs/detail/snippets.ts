import type { Job } from "@/api/jobs";
import { createBody } from "@/api/newJob";
import { isObject, pretty, type JsonObject } from "@/lib/json";

/** Return the body of a request that creates the same job. The token is never part of it. */
function bodyOf(job: Pick<Job, "type" | "payload" | "maxAttempts" | "tags">): JsonObject {
  const payload = isObject(job.payload) ? job.payload : {};
  return createBody({ type: job.type, payload, maxAttempts: job.maxAttempts, tags: job.tags });
}

type Source = Parameters<typeof bodyOf>[0];

export function curl(job: Source, apiUrl: string): string {
  const body = pretty(bodyOf(job)).replaceAll("'", String.raw`'\''`);
  return [
    `curl -X POST '${apiUrl}/jobs' \\`,
    `  -H "Authorization: Bearer $JOBFLOW_TOKEN" \\`,
    `  -H 'Content-Type: application/json' \\`,
    `  -H "Idempotency-Key: $(uuidgen)" \\`,
    `  -d '${body}'`,
  ].join("\n");
}

export function python(job: Source, apiUrl: string): string {
  return [
    "import json, os, urllib.request, uuid",
    "",
    `body = json.loads(r${quote(pretty(bodyOf(job)))})`,
    "request = urllib.request.Request(",
    `    ${JSON.stringify(`${apiUrl}/jobs`)},`,
    "    data=json.dumps(body).encode(),",
    "    headers={",
    `        "Authorization": f"Bearer {os.environ['JOBFLOW_TOKEN']}",`,
    '        "Content-Type": "application/json",',
    '        "Idempotency-Key": str(uuid.uuid4()),',
    "    },",
    ")",
    "print(json.load(urllib.request.urlopen(request)))",
  ].join("\n");
}

/** A raw literal in triple quotes; text that would end it early goes in as plain escapes that JSON reads the same. */
function quote(text: string): string {
  return `"""${text.replaceAll('"""', String.raw`\u0022\u0022\u0022`)}"""`;
}
