const STEPS = [
  ["Your app", "POST /jobs", "sends a request"],
  ["API", "API Gateway + Lambda", "1 puts the job"],
  ["Jobs table", "DynamoDB: source of truth", "2 sends a message"],
  ["Queue per type", "SQS: wake-up message", "3 is received by"],
  ["Worker per type", "Lambda: your function", "4 claims, 5 finishes in the table; last attempt failed"],
  ["Dead-letter queue", "SQS: kept for review", ""],
] as const;

/** The same way from top to bottom, for a screen that the drawing does not fit on. */
export function DiagramSteps() {
  return (
    <ol className="border border-line bg-panel p-4 sm:hidden">
      {STEPS.map(([title, note, then]) => (
        <li key={title}>
          <div
            className={`border bg-bg px-3 py-2 ${title === "Jobs table" ? "border-accent-text" : "border-strong"}`}
          >
            <p className="text-sm font-semibold">{title}</p>
            <p className="font-mono text-xs text-soft">{note}</p>
          </div>
          {then && (
            <p className="ms-5 flex min-h-9 items-center border-s border-strong py-2 ps-3 font-mono text-xs text-soft">
              {then}
            </p>
          )}
        </li>
      ))}
    </ol>
  );
}
