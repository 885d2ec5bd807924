import { t } from "@/texts/en/landing";
const FEATURES = [
  [t.noLostJobs, t.aJobIsStored],
  [t.automaticRetries, t.exponentialBackoffWithFull],
  [t.deadLettersWithTools, t.nativeSqsRedriveEdit],
  [t.idempotent, t.idempotencyKeysForRequests],
  [t.observable, t.everyAttemptWithIts],
  [t.payPerJob, t.noServersAndNo],
  [t.runsOffline, t.oneCommandRunsThe],
  [t.leastPrivilege, t.oneRolePerFunction],
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
