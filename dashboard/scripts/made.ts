const now = Date.now();
const FAR = 3_600_000_000;
const HTML = '<html><body><h1>502 Bad Gateway</h1><script>document.title="owned"</script></body></html>';

interface Failing {
  attempt: number;
  /** Milliseconds. */
  at: number;
  lasted: number;
  errorClass: string;
  errorMessage: string;
  stack?: string;
  outcome?: string;
}

/** An attempt that failed, as the API lists it. */
function failing({ attempt, at, lasted, errorClass, errorMessage, stack, outcome = "error" }: Failing) {
  return {
    gen: 1,
    attempt,
    claim: attempt,
    outcome,
    started_at: new Date(at).toISOString(),
    finished_at: new Date(at + lasted).toISOString(),
    duration_ms: lasted,
    error_class: errorClass,
    error_message: errorMessage,
    stack: stack ?? null,
    request_id: "54b891aa-b383-4632-ad87-cdb925f321b2",
    cold_start: attempt === 1,
    receive_count: attempt,
    retry_delay_s: null,
  };
}

/** A line of a job's log. */
const line = (
  at: number,
  level: "INFO" | "WARNING" | "ERROR",
  message: string,
  attempt = 1,
  fields = {},
) => ({
  ...{ at: new Date(at).toISOString(), level, message, gen: 1, attempt, fields },
});
/** A kept step, so many milliseconds ago. */
const kept = (kind: string, name: string, ago: number, more: object = {}) => ({
  ...{ kind, name, kept_at: new Date(now - ago).toISOString() },
  ...{ value: null, took_s: null, until: null, by: null, timed_out: false },
  ...more,
});

const LONG_WORD = "a-very-long-word-".repeat(30);

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
      errorMessage: `${HTML}\nفشل إرسال الرسالة: صندوق البريد ممتلئ\n${LONG_WORD}`,
      createdAt: now - 60_000,
      startedAt: now - 11_000,
      updatedAt: now - 10_000,
      finishedAt: now - 10_000,
      history: [1, 2, 3].map((attempt) =>
        failing({
          attempt,
          at: now - 61_000 + attempt * 15_000,
          lasted: 900,
          errorClass: "BadGateway",
          errorMessage: `${HTML}\nفشل إرسال الرسالة 📭\n${LONG_WORD}`,
          stack: `Traceback (most recent call last):\n  File "/var/task/handlers/${LONG_WORD}.py", line 40, in send\nBadGateway`,
        }),
      ),
      logs: [1, 2, 3].flatMap((attempt) => {
        const at = now - 61_000 + attempt * 15_000;
        return [
          line(at, "INFO", `job.start ${LONG_WORD}`, attempt, { to: "صندوق البريد", html: HTML }),
          line(at + 300, "WARNING", "The provider answers slowly.", attempt, { waited_ms: 300 }),
          line(at + 900, "ERROR", HTML, attempt, { status: 502, word: LONG_WORD }),
        ];
      }),
      tags: ["customer:42", "a-tag-that-is-exactly-forty-characters-x"],
    },
  },
  runs: {
    type: "image.process",
    payload: { key: "uploads/shop-1.jpg", resize: { width: 800, height: 800 }, format: "webp" },
    more: {
      ...{ status: "processing", attempts: 2, createdAt: now - 30_000, startedAt: now - 8000 },
      ...{ updatedAt: now - 1000, endsAt: now + FAR, tags: ["shop"] },
      progress: { percent: 62, note: "Resizing 5 of 8 pictures" },
      history: [
        failing({
          ...{ attempt: 1, at: now - 28_000, lasted: 1100, errorClass: "UploadMissing" },
          errorMessage: "There is no upload uploads/shop-1.jpg yet; it may still be on its way.",
        }),
        {
          ...failing({
            attempt: 2,
            at: now - 8000,
            lasted: 0,
            errorClass: "",
            errorMessage: "",
            outcome: "running",
          }),
          ...{ finished_at: null, duration_ms: null, error_class: null, error_message: null },
        },
      ],
      logs: [
        line(now - 28_000, "INFO", "The upload is read."),
        line(now - 26_900, "WARNING", "There is no upload uploads/shop-1.jpg yet."),
        line(now - 8000, "INFO", "The upload is read.", 2, { bytes: 1_204_331 }),
        line(now - 5000, "INFO", "A picture is resized.", 2, { width: 800, height: 600 }),
      ],
    },
  },
  steps: {
    type: "report.generate",
    payload: { from: "2026-11-01T00:00:00Z", formats: ["csv"] },
    more: {
      ...{ status: "dead_letter", attempts: 3, createdAt: now - 7_300_000, startedAt: now - 61_000 },
      ...{ updatedAt: now - 60_000, finishedAt: now - 60_000, errorClass: "ExportEmpty" },
      errorMessage: "The export has no rows.",
      kept: [
        kept("step", "collect-orders", 7_290_000, { value: { orders: 1204, pages: 13 }, took_s: 4.2 }),
        kept("sleep", "until-the-night", 7_280_000, { until: new Date(now - 3_680_000).toISOString() }),
        kept("call", "render", 3_670_000, { value: { key: "reports/2026-11.csv" }, took_s: 12 }),
        kept("step", "notify-accounting", 3_650_000, { took_s: 0.3 }),
        kept("event", "approved", 600_000, { by: "ada", value: { by: "ada", note: "فاتورة شهر نوفمبر" } }),
        kept("event", "signed", 120_000, { until: new Date(now - 120_000).toISOString(), timed_out: true }),
        kept("step", LONG_WORD.slice(0, 100), 90_000, { value: "x".repeat(400), took_s: 1.5 }),
      ],
      history: [1, 2, 3].map((attempt) =>
        failing({
          ...{ attempt, at: now - 91_000 + attempt * 10_000, lasted: 900, errorClass: "ExportEmpty" },
          errorMessage: "The export has no rows.",
        }),
      ),
      logs: [line(now - 61_000, "ERROR", "The export has no rows.", 3)],
    },
  },
  blocked: {
    type: "email.send",
    payload: { to: ["ada@example.com"], subject: "Your invoice", text: "Hi" },
    more: { status: "blocked", attempts: 0, createdAt: now - 90_000, tags: ["customer:42"] },
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
  long: {
    type: "image.process",
    payload: { key: "uploads/missing/photo.png", resize: { width: 800, height: 800 }, format: "webp" },
    more: {
      status: "dead_letter",
      gen: 4,
      attempts: 5,
      maxAttempts: 5,
      createdAt: now - 7_300_000,
      startedAt: now - 61_000,
      updatedAt: now - 60_000,
      finishedAt: now - 60_000,
      errorClass: "UploadMissing",
      errorMessage: "There is no upload uploads/missing/photo.png yet; it may still be on its way.",
      acts: [2, 3, 4].map((gen) => ({
        action: "retry",
        at: new Date(now - 7_260_000 + (gen - 1) * 1_800_000 - 5000).toISOString(),
        by: "ada",
        gen,
        edited: gen === 3,
        in_bulk: gen === 4,
      })),
      history: [1, 2, 3, 4].flatMap((gen) =>
        [1, 2, 3, 4, 5].map((n) => ({
          ...failing({
            attempt: n,
            at: now - 7_260_000 + (gen - 1) * 1_800_000 + n * 9000,
            lasted: 1100,
            errorClass: "UploadMissing",
            errorMessage: "There is no upload uploads/missing/photo.png yet; it may still be on its way.",
          }),
          gen,
          claim: n,
        })),
      ),
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

/** Types with a budget of a day: fine, nearly spent, and spent, which pauses the type. */
export const SPENDING = {
  declared: {
    "email.send": { spending: { per_day: 50, warn: 0.8, by_tenant: true }, fair_by: "customer" },
    "image.process": { spending: { per_day: 0.3, warn: 0.1, by_tenant: false } },
    "report.generate": { spending: { per_day: 0.1, warn: 0.8, by_tenant: false } },
  },
  pauses: {
    "report.generate": { by: "JobFlow: budget", reason: "Its jobs have cost $0.10 today (UTC)" },
  },
};

/** Jobs that ended with one error, so many hours ago. */
const ended = (number: number, status: string, errorClass: string, hours: number) =>
  Array.from({ length: number }, (_, n) => ({
    type: "report.generate",
    payload: { from: "2026-11-01T00:00:00Z", formats: ["csv"] },
    more: {
      status,
      attempts: 3,
      tags: ["many"],
      createdAt: now - hours * 3_600_000 - n * 1000,
      finishedAt: now - hours * 3_600_000,
      errorClass,
      errorMessage: "The export has no rows.",
      history: [
        {
          gen: 1, attempt: 3, claim: 3, outcome: "error", duration_ms: 1000, stack: null, request_id: null,
          cold_start: null, receive_count: 3, retry_delay_s: null, error_class: errorClass,
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

/** Ids of batches, and of a job with many child jobs. */
export const BATCH = {
  running: "0b8f4d52-5c0a-4c55-9d6c-6f0c7c2f5a11",
  open: "1c0f4d52-5c0a-4c55-9d6c-6f0c7c2f5a12",
  closing: "2d0f4d52-5c0a-4c55-9d6c-6f0c7c2f5a13",
  rounds: "3e0f4d52-5c0a-4c55-9d6c-6f0c7c2f5a14",
  cancelled: "4f0f4d52-5c0a-4c55-9d6c-6f0c7c2f5a15",
  large: "5a0f4d52-5c0a-4c55-9d6c-6f0c7c2f5a16",
  parent: "6b0f4d52-5c0a-4c55-9d6c-6f0c7c2f5a17",
} as const;

const OOPS = {
  errorClass: "UploadMissing",
  errorMessage: "There is no upload uploads/missing/photo.png yet.",
};

/** Jobs of one status; `first` is the number of the first one. */
function some(number: number, status: string, first: number, more: object = {}, type = "image.process") {
  return Array.from({ length: number }, (_, n) => {
    const [at, ended] = [
      now - 240_000 + (first + n) * 100,
      !["queued", "processing", "retrying"].includes(status),
    ];
    const failed = status === "failed" || status === "dead_letter" || status === "retrying";
    return {
      type,
      payload: { key: `uploads/shop-${first + n}.jpg` },
      more: {
        status,
        idempotencyKey: `shop.${first + n}`,
        createdAt: at,
        attempts: status === "queued" ? 0 : 1,
        startedAt: status === "queued" ? null : at + 4000 + (first + n) * 700,
        finishedAt: ended ? at + 6500 + (first + n) * 700 : null,
        // what runs or waits stays as it is
        endsAt: now + FAR,
        nextAttemptAt: ended || status === "processing" ? null : now + FAR,
        ...(failed && {
          ...OOPS,
          history: [
            failing({
              ...OOPS,
              attempt: 1,
              at: at + 4000 + (first + n) * 700,
              lasted: 2500,
              outcome: status === "failed" ? "permanent_error" : "error",
            }),
          ],
        }),
        ...more,
      },
    };
  });
}

const round = (ago: number, total: number | null, more: object = {}) => ({
  openedAt: now - ago,
  closedAt: total === null ? null : now - ago + 1000,
  endedAt: null,
  total,
  ...more,
});
const batch = (id: string, key: string | null, ago: number, rounds: object[], more: object = {}) => ({
  ...{ id, key, then: "report.generate", onFailure: null, tags: [], parent: null, createdBy: "ada" },
  ...{ createdAt: now - ago, rounds },
  ...more,
});
const numbers = (completed: number, failed: number, cancelled: number) => ({
  ...{ done: completed + failed + cancelled, completed, failed, cancelled, failed_ids: [] },
});
const of = (id: string, at = 1) => ({ batch: id, round: at });

/** Batches in every state, and a job with 200 child jobs, which are the members of one of them. */
export const FANNED = {
  reset: { jobs: 40, arrivals: 0 },
  enqueues: { "report.generate": ["image.process", "email.send"] },
  batches: [
    batch(BATCH.running, "Product photos of November", 240_000, [round(240_000, 200)], {
      ...{ onFailure: "email.send", tags: ["shop", "2026-11"], parent: BATCH.parent, createdBy: null },
    }),
    batch(BATCH.open, "import-7", 600_000, [round(600_000, null)], { then: null }),
    batch(BATCH.closing, null, 1_200_000, [round(1_200_000, null, { closing: true })]),
    batch(BATCH.rounds, "2026-10", 86_400_000, [
      round(86_400_000, 60, { endedAt: now - 86_000_000, numbers: numbers(48, 12, 0) }),
      round(7_200_000, 12, {
        endedAt: now - 7_000_000,
        numbers: numbers(9, 3, 0),
        bulk: "00000000000000000009",
      }),
      round(600_000, 3, { endedAt: now - 500_000 }),
    ]),
    batch(
      BATCH.cancelled,
      "A key with an unusually long name, as an importer might choose it for its file",
      90_000_000,
      [round(90_000_000, 30, { endedAt: now - 89_000_000, numbers: numbers(0, 0, 30) })],
    ),
    batch(BATCH.large, "crawl", 3_600_000, [round(3_600_000, 100_000, { numbers: numbers(61_200, 340, 0) })]),
  ],
  add: [
    {
      type: "report.generate",
      payload: { hours: 24, formats: ["csv"] },
      more: {
        ...{ id: BATCH.parent, status: "completed", createdAt: now - 245_000, startedAt: now - 243_000 },
        ...{ finishedAt: now - 238_000, attempts: 1 },
        history: [
          {
            gen: 1, attempt: 1, claim: 1, outcome: "completed", duration_ms: 5000, stack: null, request_id: null,
            cold_start: true, receive_count: 1, retry_delay_s: null, error_class: null, error_message: null,
            started_at: new Date(now - 243_000).toISOString(), finished_at: new Date(now - 238_000).toISOString(),
          },
        ], // prettier-ignore
      },
    },
    ...some(3, "failed", 11, { ...of(BATCH.running), parent: BATCH.parent }),
    ...some(1, "dead_letter", 57, { ...of(BATCH.running), parent: BATCH.parent }),
    ...some(110, "completed", 60, { ...of(BATCH.running), parent: BATCH.parent }),
    ...some(8, "processing", 170, { ...of(BATCH.running), parent: BATCH.parent }),
    ...some(5, "retrying", 178, { ...of(BATCH.running), parent: BATCH.parent }),
    ...some(53, "queued", 183, { ...of(BATCH.running), parent: BATCH.parent }),
    ...some(14, "completed", 236, { ...of(BATCH.running), parent: BATCH.parent }, "email.send"),
    ...some(6, "queued", 250, { ...of(BATCH.running), parent: BATCH.parent }, "email.send"),
    ...some(4, "completed", 0, of(BATCH.open)),
    ...some(8, "queued", 4, of(BATCH.open)),
    ...some(2, "processing", 0, of(BATCH.closing)),
    ...some(48, "completed", 0, of(BATCH.rounds)),
    ...some(9, "completed", 48, of(BATCH.rounds, 2)),
    ...some(2, "completed", 57, of(BATCH.rounds, 3)),
    ...some(1, "failed", 59, of(BATCH.rounds, 3)),
    ...some(30, "cancelled", 0, of(BATCH.cancelled)),
    ...some(20, "failed", 0, of(BATCH.large)),
    ...some(520, "completed", 20, of(BATCH.large)),
  ],
};

/** Ids of jobs that have places, and that wait for one. */
export const PLACED = {
  runs: ["7e1f4d52-5c0a-4c55-9d6c-6f0c7c2f5a01", "8e1f4d52-5c0a-4c55-9d6c-6f0c7c2f5a02"],
  waits: ["9e1f4d52-5c0a-4c55-9d6c-6f0c7c2f5a03", "ae1f4d52-5c0a-4c55-9d6c-6f0c7c2f5a04"],
} as const;

const limit = (name: string, label: string, more: object) => ({
  ...{ name, label, kind: "at_most", all_values: false, shared: false, by: null, value: null },
  ...{ types: [label], declared: true },
  ...{ n_declared: 3, n: 3, differs: false, changed: null, in_use: 0, waits: false, waiting: 0 },
  ...{ waiting_more: false, holders: [], lines: [], values: [], more_values: false },
  ...more,
});
const ago = (ms: number) => new Date(now - ms).toISOString();
const holder = (id: string | undefined, type: string, ms: number) => ({
  ...{ job_id: id, type, status: "processing", since: ago(ms), stale: false },
});
const waiter = (id: string | undefined, ms: number) => ({ job_id: id, due_since: ago(ms) });
const set = (value: string | null, n: number, reason: string) => ({
  ...{ n, differs: true, changed: { value, n, by: "ada", reason, at: ago(1_260_000), in_force: true } },
});
const perCustomer = { by: "customer", in_use: null, waiting: null };

/** Limits of every kind: of a type, of each customer, shared, changed, stopped, and gone from the code. */
export const LIMITED = {
  reset: { jobs: 40, arrivals: 0 },
  declared: {
    "email.send": {
      limits: [
        { n: 3, by: "customer", shared: null },
        { n: 20, by: null, shared: "provider" },
      ],
    },
    "report.generate": { limits: [{ n: 20, by: null, shared: "provider" }] },
  },
  limits: [
    limit("0.email.send", "email.send", { ...perCustomer, all_values: true, waits: true }),
    limit("0.email.send", "email.send", {
      ...{ by: "customer", value: "acme", in_use: 3, waits: true, waiting: 100, waiting_more: true },
      holders: [
        holder(PLACED.runs[0], "email.send", 14_000),
        holder(PLACED.runs[1], "email.send", 3000),
        {
          job_id: "be1f4d52-5c0a-4c55-9d6c-6f0c7c2f5a05",
          type: null,
          status: null,
          since: null,
          stale: true,
        },
      ],
      lines: [
        {
          ...{ type: "email.send", waiting: 100, waiting_more: true },
          first: [waiter(PLACED.waits[0], 92_000), waiter(PLACED.waits[1], 90_000)],
        },
      ],
    }),
    limit("0.email.send", "email.send", {
      ...{ by: "customer", value: "globex" },
      ...set("globex", 0, "They asked us to send nothing until Monday."),
    }),
    limit("1.image.process", "image.process", { n_declared: 8, n: 8, in_use: 2 }),
    limit("3.provider", "provider", {
      ...{ shared: true, types: ["email.send", "report.generate"], n_declared: 20, in_use: 5 },
      ...{ waits: true, waiting: 12 },
      ...set(null, 5, "The provider answers slowly."),
      lines: [
        {
          type: "report.generate",
          waiting: 12,
          waiting_more: false,
          first: [waiter(PLACED.waits[0], 60_000)],
        },
      ],
    }),
    limit("3-rate.provider", "provider", {
      ...{ kind: "rate", shared: true, types: ["email.send", "report.generate"], n_declared: 50, in_use: 1 },
      ...{ per: 60, burst: 0, least: 1, most: 3000, waits: true, waiting: 12 },
      ...set(null, 10, "The provider allows 10 a minute."),
      lines: [
        {
          type: "report.generate",
          waiting: 12,
          waiting_more: false,
          first: [waiter(PLACED.waits[0], 60_000)],
        },
      ],
    }),
    limit("3.former-provider", "former-provider", {
      ...{ shared: true, types: [], declared: false, n_declared: null, n: null, differs: true, in_use: 0 },
      changed: { value: null, n: 2, by: "bob", reason: "", at: ago(86_400_000 * 9), in_force: false },
    }),
  ],
  add: [
    ...PLACED.runs.map((id, at) => ({
      type: "email.send",
      payload: { to: ["ada@example.com"], subject: "Your invoice", text: "Hi" },
      more: {
        ...{ id, status: "processing", attempts: 1, createdAt: now - 100_000 },
        ...{ startedAt: now - 14_000 + at * 11_000, endsAt: now + FAR },
      },
    })),
    ...PLACED.waits.map((id, at) => ({
      type: "email.send",
      payload: { to: ["ada@example.com"], subject: "Your invoice", text: "Hi" },
      more: { id, status: "blocked", attempts: 0, createdAt: now - 92_000 + at * 2000 },
    })),
  ],
};
