import { t } from "@/texts/en/landing";
const STEPS = [
  [t.yourApp, "POST /jobs", t.sendsARequest],
  ["API", t.apiGatewayLambda, t.putsTheJob],
  [t.jobsTable, t.dynamodbSourceOfTruth, t.sendsAMessage],
  [t.queuePerType, t.sqsWakeUpMessage, t.isReceivedBy],
  [t.workerPerType, t.lambdaYourFunction, t.claimsAndFinishes],
  [t.deadLetterQueue, t.sqsKeptForReview, ""],
] as const;

/** The same parts from top to bottom, for a screen that is too small for the diagram. */
export function DiagramSteps() {
  return (
    <ol className="border border-line bg-panel p-4 sm:grid sm:grid-cols-3 sm:gap-x-4 sm:gap-y-6 sm:p-6 lg:hidden">
      {STEPS.map(([title, note, then]) => (
        <li key={title}>
          <div
            className={`border bg-bg px-3 py-2 ${title === t.jobsTable ? "border-accent-text" : "border-strong"}`}
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
