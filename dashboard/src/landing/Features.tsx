const FEATURES = [
  [
    "Nothing is lost",
    "A job is durable before the API answers. A watchdog sends what was not sent and takes over what a crash left behind.",
  ],
  [
    "Retries that behave",
    "Exponential backoff with full jitter through the visibility timeout. Permanent errors fail at once.",
  ],
  [
    "Dead letters you can work with",
    "Native SQS redrive, messages kept as evidence. Fix the payload, retry one, or retry every job with the same error.",
  ],
  [
    "Once, when it matters",
    "Idempotency keys without a second table, and a token for every run to hand to the services you call.",
  ],
  [
    "See why",
    "Every attempt with its error, stack, duration, log and cold start. Percentiles, error groups, and a sentence for each wait.",
  ],
  [
    "Pay for jobs, not for hours",
    "No server, no connection pool, nothing to patch. Every request is counted in tests and priced.",
  ],
  [
    "The same offline",
    "One command runs the whole platform on a laptop: real Lambda runtime, real queues’ semantics, no account.",
  ],
  [
    "Locked down",
    "One role per function, no wildcard, tokens stored as hashes, a console with a strict content security policy.",
  ],
] as const;

export function Features() {
  return (
    <ul className="mt-4 grid border-s border-t border-line sm:grid-cols-2 lg:grid-cols-4">
      {FEATURES.map(([title, text]) => (
        <li key={title} className="border-e border-b border-line p-4">
          <h3 className="mb-1 font-semibold">{title}</h3>
          <p className="text-sm text-soft">{text}</p>
        </li>
      ))}
    </ul>
  );
}
