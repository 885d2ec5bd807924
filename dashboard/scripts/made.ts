const now = Date.now();
const HTML = '<html><body><h1>502 Bad Gateway</h1><script>document.title="owned"</script></body></html>';

/** Jobs that the simulation would not come up with. */
export const MADE = {
  wild: {
    type: "email.send",
    payload: {
      to: ["ada@example.com"],
      subject: "فاتورة شهر نوفمبر جاهزة · Invoice for November",
      text: "x".repeat(3000),
      order: 9007199254740993n,
      lines: Array.from({ length: 10_000 }, (_, n) => n),
    },
    more: {
      status: "dead_letter",
      attempts: 3,
      errorClass: "BadGateway",
      errorMessage: `${HTML}\nفشل إرسال الرسالة: صندوق البريد ممتلئ\n${"a-very-long-word-".repeat(30)}`,
      finishedAt: now,
      tags: ["customer:42", "a-tag-that-is-exactly-forty-characters-x"],
    },
  },
  acts: {
    type: "email.send",
    payload: { to: ["ada@example.com"], subject: "Right", text: "Hi" },
    more: {
      status: "cancelled",
      gen: 3,
      attempts: 1,
      createdAt: now - 7_200_000,
      updatedAt: now - 60_000,
      finishedAt: now - 900_000,
      errorClass: "MailboxFull",
      errorMessage: "The mailbox is full.",
      tags: ["customer:42", "nightly"],
      discarded: { at: new Date(now - 60_000).toISOString(), by: "ada", reason: "The customer has gone." },
      acts: [
        ["run-now", 7_100_000, "ada", 1],
        ["cancel", 7_000_000, "billing-service", 1],
        ["retry", 3_600_000, "bob", 2, false, true],
        ["retry", 905_000, "ada", 3, true],
        ["discard", 60_000, "ada", 3],
      ].map(([action, ago, by, gen, edited = false, in_bulk = false]) => ({
        action,
        at: new Date(now - Number(ago)).toISOString(),
        by,
        gen,
        edited,
        in_bulk,
      })),
      history: [2, 3].map((gen) => ({
        gen,
        attempt: 1,
        claim: 1,
        outcome: "permanent_error",
        started_at: new Date(now - (gen === 2 ? 3_599_000 : 901_000)).toISOString(),
        finished_at: new Date(now - (gen === 2 ? 3_598_000 : 900_000)).toISOString(),
        duration_ms: 1000,
        error_class: "MailboxFull",
        error_message: "The mailbox is full.",
        stack: null,
        request_id: "54b891aa-b383-4632-ad87-cdb925f321b2",
        cold_start: false,
        receive_count: 1,
        retry_delay_s: null,
      })),
    },
  },
  waits: {
    type: "image.process",
    payload: { key: "uploads/missing/photo.png", format: "png" },
    more: {
      status: "retrying",
      attempts: 2,
      maxAttempts: 6,
      createdAt: now - 12_000,
      startedAt: now - 6000,
      updatedAt: now - 4900,
      nextAttemptAt: now + 3_600_000,
      errorClass: "UploadMissing",
      errorMessage: "There is no upload uploads/missing/photo.png yet; it may still be on its way.",
      history: [1, 2].map((n) => ({
        gen: 1,
        attempt: n,
        claim: n,
        outcome: "error",
        started_at: new Date(now - 12_000 + n * 4000).toISOString(),
        finished_at: new Date(now - 10_900 + n * 4000).toISOString(),
        duration_ms: 1100,
        error_class: "UploadMissing",
        error_message: "There is no upload uploads/missing/photo.png yet; it may still be on its way.",
        stack: null,
        request_id: "54b891aa-b383-4632-ad87-cdb925f321b2",
        cold_start: n === 1,
        receive_count: n,
        retry_delay_s: 2 ** n,
      })),
    },
  },
} as const;

/** A type that declares every rule there is, and a payload with a time of day and a length of time. */
export const RULED = {
  declared: {
    "email.send": {
      rate: { n: 14, per: 1, burst: 10 },
      fair_by: "customer",
      serial_by: "account",
      pause_when: { of: 20, within: 600 },
      unique_for: 86_400,
      unique_by: ["to", "subject"],
    },
    "report.generate": {
      schema: {
        type: "object",
        required: ["every"],
        properties: {
          every: { type: "string", format: "duration", description: "How often." },
          send_at: { type: "string", format: "time", description: "When, each time." },
        },
      },
      example: { every: "P1DT12H", send_at: "06:30:00+02:00" },
    },
  },
};

/** Jobs that ended with one error, so many hours ago. */
const ended = (number: number, status: string, errorClass: string, hours: number) =>
  Array.from({ length: number }, (_, n) => ({
    type: "report.generate",
    payload: { from: "2026-11-01T00:00:00Z", formats: ["csv"] },
    more: {
      status,
      attempts: 5,
      tags: ["many"],
      createdAt: now - hours * 3_600_000 - n * 1000,
      finishedAt: now - hours * 3_600_000,
      errorClass,
      errorMessage: "The export has no rows.",
      history: [
        {
          gen: 1, attempt: 5, claim: 5, outcome: "error", duration_ms: 1000, stack: null, request_id: null,
          cold_start: null, receive_count: 5, retry_delay_s: null, error_class: errorClass,
          error_message: "The export has no rows.", started_at: new Date(now - hours * 3_600_000 - 1000).toISOString(),
          finished_at: new Date(now - hours * 3_600_000).toISOString(),
        },
      ], // prettier-ignore
    },
  }));

/** Dead letters of two errors, older ones and new ones. */
export const DEAD = {
  reset: { jobs: 40, arrivals: 0 },
  add: [
    ...ended(226, "dead_letter", "ExportEmpty", 3),
    ...ended(12, "dead_letter", "BucketGone", 3),
    ...ended(3, "dead_letter", "BucketGone", 0),
  ],
};

/** More jobs than a few requests count. */
export const CROWD = { reset: { jobs: 20, arrivals: 0 }, add: ended(4500, "failed", "ExportEmpty", 3) };
