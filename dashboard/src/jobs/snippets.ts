import type { Job } from "@/api/jobs/jobs";
import { createBody } from "@/api/jobs/newJob";
import { isObject, pretty, stringify, type Json, type JsonObject } from "@/lib/json";

type Source = Pick<Job, "type" | "payload" | "tags"> & Partial<Pick<Job, "maxAttempts">>;

/** Return the content of a request that creates the same job. It never contains the token. */
function createOf(job: Source) {
  const payload = isObject(job.payload) ? job.payload : {};
  return createBody({ type: job.type, payload, maxAttempts: job.maxAttempts, tags: job.tags });
}

function bodyOf(job: Source): JsonObject {
  return createOf(job);
}

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

/** Return the job as a call of the Python client, which reads the token from JOBFLOW_TOKEN. */
export function client(job: Source, apiUrl: string): string {
  const { type, payload, max_attempts: maxAttempts, tags } = createOf(job);
  return [
    "from jobflow import JobFlow",
    "",
    `with JobFlow(${literal(apiUrl)}) as jobs:`,
    "    job = jobs.submit(",
    `        ${literal(type)},`,
    `        ${literal(payload, 8)},`,
    ...(tags ? [`        tags=${literal(tags, 8)},`] : []),
    ...(maxAttempts === undefined ? [] : [`        max_attempts=${literal(maxAttempts)},`]),
    "    )",
    "    print(jobs.result(job))",
  ].join("\n");
}

/** Return the job as a call of the TypeScript client. */
export function typescript(job: Source, apiUrl: string): string {
  const { type, payload, max_attempts, tags } = createOf(job);
  const options = { ...(tags && { tags }), ...(max_attempts !== undefined && { max_attempts }) };
  const more = Object.keys(options).length > 0 ? [`, ${pretty(options)}`] : [];
  return [
    'import { JobFlow } from "jobflow-aws";',
    "",
    `const jobs = new JobFlow({ url: ${stringify(apiUrl)}, token: process.env.JOBFLOW_TOKEN ?? "" });`,
    `const job = await jobs.submit(${stringify(type)}, ${pretty(payload)}${more.join("")});`,
    "console.log(await jobs.result(job));",
  ].join("\n");
}

const INDENT = 4;

/** Return a value in Python's notation; the lines after the first are indented by this number of spaces. */
export function literal(value: Json, indent = 0): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return stringify(value);
  const inner = " ".repeat(indent + INDENT);
  const rows = Array.isArray(value)
    ? value.map((one) => literal(one, indent + INDENT))
    : Object.entries(value).map(([key, one]) => `${stringify(key)}: ${literal(one, indent + INDENT)}`);
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  if (rows.length === 0) return open + close;
  return `${open}\n${rows.map((row) => `${inner}${row},\n`).join("")}${" ".repeat(indent)}${close}`;
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

/**
 * Return a raw literal in triple quotes. Characters that would end the literal early are written as escapes, which JSON
 * reads as the same text.
 */
function quote(text: string): string {
  return `"""${text.replaceAll('"""', String.raw`\u0022\u0022\u0022`)}"""`;
}
