import { plural } from "../numbers";
import type { english } from "../en/health";

export const health: typeof english = {
  deadLetter: "Dead Letter",
  numbers: "Zahlen",
  queued: "Wartend",
  oldest: (age) => `ältester ${age}`,
  running: "Läuft",
  retrying: "Wiederholung",
  inBackoff: "im Backoff",
  inTheDlq: (number) => `${number} in der DLQ`,
  success: "Erfolgsquote",
  lastHourOf: (ended) => `von ${ended} in 1 h`,
  perMinuteName: "Pro Minute",
  completedNote: "fertig",
  viewJobs: (label) => `Jobs ansehen: ${label}`,
  couldntLoadMetrics: (problem) => `Zahlen konnten nicht geladen werden: ${problem}`,
  schedulesUnchecked: "Es konnte nicht geprüft werden, ob Zeitpläne fehlschlagen.",
  scheduleFails: (id, failed) => `Zeitplan ${id}: Die letzten ${failed} Auslösungen sind fehlgeschlagen.`,
  health: "Status",
  loadingStatus: "Status wird geladen",
  findings: "Befunde",
  pastDead: (jobs) => `Letzte 24 h je Stunde: ${plural(jobs, "Dead Letter", "Dead Letters")}`,
  pastFailed: (attempts) =>
    `Letzte 24 h je Stunde: ${plural(attempts, "fehlgeschlagener Versuch", "fehlgeschlagene Versuche")}`,
  pastUnfinished: (most) => `Letzte 24 h je Stunde: höchstens ${plural(most, "offener Job", "offene Jobs")}`,
  pastOldest: (most) => `Letzte 24 h je Stunde: der älteste Job wartete höchstens ${most}`,
  also: "Außerdem",
  all: (length) => `Alle ${length}`,
  oldestJobQueuedAgo: (age) => `, ältester Job wartet seit ${age}`,
  inTheLastHour: (type, number) =>
    `${type}: ${plural(number, "neuer Dead Letter", "neue Dead Letters")} in der letzten Stunde.`,
  notWoken: (type, number, since) =>
    `${type}: ${plural(number, "ausgesetzter Job", "ausgesetzte Jobs")} nicht rechtzeitig geweckt, fällig seit ${since}.`,
  viewLimit: "Limit ansehen",
  viewLimitOf: (limit) => `Limit ${limit} ansehen`,
  blockedLong: (type, number, limit, since) =>
    `${type}: ${plural(number, "Job", "Jobs")} durch das Limit ${limit} blockiert, der erste seit ${since}.`,
  doesNotStart: (type, queued) =>
    `${type}: der Worker startet nicht oder ist abgestürzt${queued ? `; ${plural(queued, "Job", "Jobs")} in der Warteschlange` : ""}.`,
  backsOff: (type, retrying) =>
    `${type}: die Warteschlange hält zu viele Nachrichten; ${plural(retrying, "Job wird", "Jobs werden")} wiederholt.`,
  waitsTooLong: (type, queued) =>
    `${type}: der älteste Job wartet zu lange${queued ? `; ${plural(queued, "Job", "Jobs")} in der Warteschlange` : ""}.`,
  failsTooOften: (type, failed) =>
    `${type}: über 5 % der letzten Jobs sind fehlgeschlagen; insgesamt ${plural(failed, "fehlgeschlagener Job", "fehlgeschlagene Jobs")}.`,
  isGrowingByA: (type, growth, old) => `${type} wächst um ${growth} pro Minute${old}.`,
  spendsItsBudget: (type, percent) => `${type} hat ${percent} % seines heutigen Budgets (UTC) verbraucht.`,
  isPaused: (type, by, waiting) =>
    `${type} ist${by && ` von ${by}`} angehalten: ${plural(waiting, "Job wartet", "Jobs warten")}.`,
  perMinute: (n) => `+${n}/min`,
  why: "Warum?",
  whyOf: (type) => `Warum? ${type}`,
  viewErrors: "Fehler ansehen",
  viewErrorsOf: (type) => `Fehler ansehen: ${type}`,
  viewSchedule: "Zeitplan ansehen",
  viewScheduleOf: (id) => `Zeitplan ansehen: ${id}`,
  viewTheJobs: "Jobs ansehen",
  resume: "Fortsetzen",
  resumeOf: (type) => `${type} fortsetzen`,
  resumed: (type) => `${type} läuft weiter.`,
  retry: (number) => `${number} wiederholen`,

  toReview: (type, number) => `${type}: ${plural(number, "Fehlergruppe", "Fehlergruppen")} zu prüfen.`,
  olderDeadLetters: (type, number, note) =>
    `${type}: ${plural(number, "älterer Dead Letter", "ältere Dead Letters")}${note && `, ${note}`}.`,
  acknowledged: "quittiert",
  notAcknowledged: (number, of) => (number === of ? "nicht quittiert" : `davon ${number} nicht quittiert`),
  noOpenErrors: "keine offenen Fehler in 24 h",
  jobQueuedEmptyIn: (type, number, time) =>
    `${type}: ${plural(number, "wartender Job", "wartende Jobs")}, leer in etwa ${time}.`,
  isFallingBehindOldest: (type, age) => `${type} kommt nicht nach: ältester Job wartet seit ${age}.`,
  allHealthyUnfinished: (jobs) => `Alles in Ordnung. ${plural(jobs, "offener Job", "offene Jobs")}.`,
  allHealthyQueuesAre: "Alles in Ordnung. Die Queues sind leer.",
};
