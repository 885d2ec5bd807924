const FEATURES = [
  [
    "No lost jobs",
    "A job is stored before the API answers. A watchdog re-sends missing messages and takes over jobs of crashed workers.",
  ],
  [
    "Automatic retries",
    "Exponential backoff with full jitter through the visibility timeout. Permanent errors fail at once.",
  ],
  [
    "Dead letters with tools",
    "Native SQS redrive. Edit the payload, retry one job, or retry every job with the same error.",
  ],
  ["Idempotent", "Idempotency keys for requests, and a key for each run to pass to the services you call."],
  [
    "Observable",
    "Every attempt with its error, stack, duration, log and cold start. Percentiles, error groups, and the reason why a job waits.",
  ],
  ["Pay per job", "No servers and no connection pools. Tests count every AWS request and its price."],
  [
    "Runs offline",
    "One command runs the whole platform on a laptop, with AWS’s Lambda runtime client and no account.",
  ],
  [
    "Least privilege",
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
