import type { Json } from "../../src/lib/json";
import { pick, type Random } from "./rng";
import type { FakeJob } from "./model";

/** How an attempt ends. */
export type Outcome =
  | { kind: "done"; result: Json }
  | { kind: "error" | "permanent"; errorClass: string; message: string; stack: string };

export interface World {
  random: Random;
  /** Keys of the files that were uploaded. */
  files: ReadonlySet<string>;
  /** Where files are served. */
  filesUrl: string;
  now: number;
}

const HTML_ERROR =
  '<html><body><h1>502 Bad Gateway</h1><script>document.title="owned"</script><img src=x onerror="alert(1)"></body></html>';
const RTL_ERROR = "فشل إرسال الرسالة: صندوق البريد ممتلئ (mailbox full) للمستخدم";

function trace(file: string, errorClass: string, message: string): string {
  return [
    "Traceback (most recent call last):",
    '  File "/var/task/chalicelib/worker/consume.py", line 143, in _run',
    "    return job_type(payload, context)",
    `  File "/var/task/handlers/${file}.py", line 88, in ${file}`,
    "    return _perform(payload, ctx)",
    `  File "/var/task/handlers/${file}.py", line 131, in _perform`,
    "    raise_for(response)",
    `${errorClass}: ${message}`,
  ].join("\n");
}

function failure(job: FakeJob, kind: "error" | "permanent", errorClass: string, message: string): Outcome {
  return { kind, errorClass, message, stack: trace(job.type.replace(".", "_"), errorClass, message) };
}

/** What an attempt comes to: by the payload where that decides it, else by chance. */
export function decide(job: FakeJob, world: World): Outcome {
  const { random } = world;
  switch (job.type) {
    case "image.process":
      return image(job, world);
    case "report.generate":
      return report(job, world);
    default: {
      const roll = random();
      if (roll < 0.09) return failure(job, "error", "ThrottlingException", "Maximum sending rate exceeded.");
      if (roll < 0.11) return failure(job, "error", "BadGateway", HTML_ERROR);
      if (roll < 0.12) return failure(job, "error", "MailboxFull", RTL_ERROR);
      if (roll < 0.14)
        return failure(
          job,
          "permanent",
          "MessageRejected",
          "Email address is not verified. The following identities failed the check in region US-EAST-1: noreply@example.com",
        );
      return {
        kind: "done",
        result: { message_id: `0100018f${Math.floor(random() * 1e12).toString(16)}-000000`, recipients: 1 },
      };
    }
  }
}

const exists = (key: string, world: World) => world.files.has(key) || key.startsWith("uploads/examples/");

function image(job: FakeJob, world: World): Outcome {
  const key = job.payload.key as string;
  if (!exists(key, world))
    return failure(
      job,
      "error",
      "UploadMissing",
      `There is no upload ${key} yet; it may still be on its way.`,
    );
  const format = typeof job.payload.format === "string" ? job.payload.format : "jpeg";
  const name = `results/${job.id}/${job.gen}-${job.attempts}.${format === "jpeg" ? "jpg" : format}`;
  return {
    kind: "done",
    result: {
      key: name,
      width: 800,
      height: 533,
      bytes: 48_213,
      format,
      url: `${world.filesUrl}/${name}?source=${encodeURIComponent(key)}`,
      url_expires_at: new Date(world.now + 3_600_000).toISOString(),
    },
  };
}

function report(job: FakeJob, world: World): Outcome {
  const from = typeof job.payload.from === "string" ? Date.parse(job.payload.from) : 0;
  if (from > world.now)
    return failure(
      job,
      "permanent",
      "PermanentError",
      "The period must have begun, and by at most 92 days before it ends.",
    );
  if (world.random() < 0.05) return failure(job, "error", "TimeoutError", "Query took longer than 30 s.");
  const base = `results/${job.id}/report`;
  const file = (ext: string) => ({ key: `${base}.${ext}`, url: `${world.filesUrl}/${base}.${ext}` });
  return {
    kind: "done",
    result: {
      from: new Date(world.now - 86_400_000).toISOString(),
      to: new Date(world.now).toISOString(),
      jobs: 1284,
      files: [file("csv"), file("html")],
      incomplete: null,
    },
  };
}

/** How long an attempt takes, in milliseconds. */
export function lasts(job: FakeJob, random: Random): number {
  const [least, most] = {
    "email.send": [180, 900],
    "image.process": [700, 2200],
    "report.generate": [3000, 7000],
  }[job.type] ?? [200, 800];
  return (least ?? 200) + random() ** 2 * ((most ?? 800) - (least ?? 200));
}

export const TAGS = ["welcome", "billing", "customer:42", "nightly", "campaign-7"] as const;
export const tagsFor = (random: Random): string[] => (random() < 0.4 ? [pick(random, TAGS)] : []);
