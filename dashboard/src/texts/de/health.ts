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
  doneMin: "Fertig / min",
  lastMin: (minutes) => `letzte ${minutes} min`,
  viewJobs: (label) => `Jobs ansehen: ${label}`,
  couldntLoadMetrics: (problem) => `Zahlen konnten nicht geladen werden: ${problem}`,
  health: "Status",
  loadingStatus: "Status wird geladen",
  also: "Außerdem",
  all: (length) => `Alle ${length}`,
  oldestJobQueuedAgo: (age) => `, ältester Job wartet seit ${age}`,
  inTheLastHour: (type, number) =>
    `${type}: ${plural(number, "neuer Dead Letter", "neue Dead Letters")} in der letzten Stunde.`,
  notWoken: (type, number, since) =>
    `${type}: ${plural(number, "ausgesetzter Job", "ausgesetzte Jobs")} nicht rechtzeitig geweckt, fällig seit ${since}.`,
  isGrowingByA: (type, growth, old) => `${type} wächst um ${growth} pro Minute${old}.`,
  isPaused: (type) => `${type} ist angehalten.`,
  toReview: (type, number) => `${type}: ${plural(number, "Fehlergruppe", "Fehlergruppen")} zu prüfen.`,
  olderDeadLetters: (type, number, note) =>
    `${type}: ${plural(number, "älterer Dead Letter", "ältere Dead Letters")}${note && `, ${note}`}.`,
  acknowledged: "quittiert",
  notAcknowledged: (number, of) => (number === of ? "nicht quittiert" : `davon ${number} nicht quittiert`),
  noOpenErrors: "keine offenen Fehler in 24 h",
  jobQueuedDrainsIn: (type, number, time) =>
    `${type}: ${plural(number, "wartender Job", "wartende Jobs")}, leer in ${time}.`,
  isFallingBehindOldest: (type, age) => `${type} kommt nicht nach: ältester Job wartet seit ${age}.`,
  allHealthyJobActive: (active) => `Alles in Ordnung. ${plural(active, "aktiver Job", "aktive Jobs")}.`,
  allHealthyQueuesAre: "Alles in Ordnung. Die Queues sind leer.",
};
