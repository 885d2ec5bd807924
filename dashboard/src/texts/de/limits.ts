import { count, plural } from "../numbers";
import type { english } from "../en/limits";

export const limits: typeof english = {
  limits: "Limits",
  limitsOf: (type) => `Limits von ${type}`,
  allLimits: "Alle Limits",
  summary: (limits, changed) =>
    changed === 0
      ? plural(limits, "Limit", "Limits")
      : `${plural(limits, "Limit", "Limits")}, ${plural(changed, "Zahl", "Zahlen")} im Betrieb geändert`,
  loading: "Limits werden geladen",
  couldntLoad: "Die Limits konnten nicht geladen werden",
  none: "Keine Limits",
  noneOf: (type) => `${type} hat keine Limits`,
  whatItIs:
    "Ein Limit sagt, wie viele Jobs gleichzeitig laufen oder in einem Zeitraum starten: von einem Typ, von jedem Kunden oder von mehreren Typen mit demselben Anbieter. Die anderen warten in der Reihenfolge, in der sie fällig waren.",
  howToDeclare: "Im Code deklarieren:",
  example: "Ein Limit im Code",
  thenHere:
    "Dann zeigt diese Seite, wer einen Platz hat und wer wartet, und Operatoren ändern die Zahl, während Jobs laufen.",
  more: "Auf weitere Werte warten Jobs.",
  notInForce: "Der Code deklariert das Limit nicht, deshalb wirkt die Änderung jetzt nicht.",
  startWithinMinutes: (values) =>
    `Bei ${plural(values, "Wert", "Werten")} starten wartende Jobs innerhalb von Minuten.`,
  nameElsewhere: "Name in Befehlen und der API:",
  allOfType: "Alle Jobs des Typs",
  allTogether: (types) => `Alle Jobs von ${plural(types, "Typ", "Typen")} zusammen`,
  each: (field) => `Jeder Wert von ${field} hat eigene Plätze`,
  eachTogether: (field, types) =>
    `Jeder Wert von ${field} hat eigene Plätze, für ${plural(types, "Typ", "Typen")} zusammen`,
  notDeclared: "Im Code nicht mehr deklariert",
  notDeclaredMeaning: "Jobs, die noch darauf warten, dürfen alle laufen.",
  valueOf: (field) => `${field}:`,
  places: "Gleichzeitig",
  starts: "Starts",
  startsIn: (n, per) =>
    `${count(n)} ${{ 1: "pro Sekunde", 60: "pro Minute", 3600: "pro Stunde", 86400: "pro Tag" }[per] ?? `in ${per} Sekunden`}`,
  turns: "An der Reihe",
  rateEach: (field) => `Jeder Wert von ${field} hat eine eigene Rate`,
  rateEachTogether: (field, types) =>
    `Jeder Wert von ${field} hat eine eigene Rate, für ${plural(types, "Typ", "Typen")} zusammen`,
  inCode: (n) => `im Code: ${count(n)}`,
  codeSays: (n) => `Im Code: ${n}.`,
  unlimited: "kein Limit",
  inUse: "Belegt",
  inUseOf: (used, n) => `${used} von ${n}`,
  waiting: "Wartend",
  countMore: (n) => `${count(n)}+`,
  someWait: "einige",
  perValue: "je Wert",
  notCounted: "nicht gezählt",
  changedBy: (by) => `Geändert von ${by}`,
  forAllValues: "für alle Werte",
  notFound: "Limit nicht gefunden",
  notFoundHint:
    "Der Code deklariert kein Limit mit diesem Namen, niemand hat es geändert, und kein Job wartet darauf.",
  viewLimits: "Limits ansehen",
  atMost: (n) =>
    n === 0 ? "Kein Job startet." : `Höchstens ${plural(n, "Job läuft", "Jobs laufen")} gleichzeitig.`,
  atMostEach: (n, field) =>
    n === 0
      ? `Kein Job startet, für keinen Wert von ${field}.`
      : `Höchstens ${plural(n, "Job läuft", "Jobs laufen")} gleichzeitig für jeden Wert von ${field}.`,
  atRate: (rate) => `Höchstens ${rate} starten.`,
  atRateEach: (rate, field) => `Höchstens ${rate} starten für jeden Wert von ${field}.`,
  asInCode: "Wie im Code.",
  change: "Ändern",
  changeOf: (name) => `Limit ${name} ändern`,
  newNumber: "Jobs gleichzeitig",
  newNumberHint: (most) => `0 bis ${most}. Bei 0 startet kein Job.`,
  newStarts: (per) =>
    `Starts ${{ 1: "pro Sekunde", 60: "pro Minute", 3600: "pro Stunde", 86400: "pro Tag" }[per] ?? `in ${per} Sekunden`}`,
  newRateHint: (least, most) => `0, oder ${count(least)} bis ${most}. Bei 0 startet kein Job.`,
  changeMeaning:
    "Die Worker richten sich innerhalb von 10 Sekunden danach. Laufende Jobs werden nicht gestoppt. Die Änderung gilt bis zum Zurücksetzen, auch nach einem Deployment.",
  changeRateMeaning:
    "Die Worker richten sich innerhalb von 10 Sekunden danach. Der Zeitraum und der Burst bleiben wie im Code. Die Änderung gilt bis zum Zurücksetzen, auch nach einem Deployment.",
  changeAll: (field) => `Für jeden Wert von ${field}, außer denen mit einer eigenen Zahl.`,
  setTo: (n) => (n === 0 ? "Keinen Job starten" : `Auf ${n} setzen`),
  changedDone: (name, n) => `${name}: höchstens ${n} gleichzeitig.`,
  changedRate: (name, rate) => `${name}: höchstens ${rate}.`,
  reset: "Zurücksetzen",
  resetOf: (name) => `${name} auf den Code zurücksetzen`,
  resetQuestion: (n) => `Das Limit bekommt wieder die Zahl aus dem Code: ${n}.`,
  resetValueQuestion: "Der Wert bekommt wieder die Zahl aller Werte.",
  resetGoneQuestion: "Die Änderung wird vergessen. Der Code deklariert dieses Limit nicht mehr.",
  resetDone: (name) => `${name}: wie im Code.`,
  viewerHint: "Operatoren können die Zahl ändern.",
  holders: (n) => `${plural(n, "Job", "Jobs")} mit einem Platz`,
  noHolders: "Jetzt hat kein Job einen Platz.",
  turnHolders: (n) => `${plural(n, "Job", "Jobs")} an der Reihe`,
  noTurns: "Jetzt ist kein Job an der Reihe.",
  noPlace: "Er braucht den Platz nicht mehr. Der Platz wird gleich frei.",
  unreadable: "nicht lesbar",
  runsSince: "läuft seit",
  waitsSince: "wartet seit",
  lines: "Wartende Jobs",
  nobodyWaits: "Kein Job wartet auf dieses Limit.",
  lineOf: (type, n) => `${type}: ${n}`,
  dueSince: "fällig seit",
  ofPriority: (priority) => `Priorität ${{ high: "hoch", normal: "normal", low: "niedrig" }[priority]}`,
  andMore: (n) => `${n} weitere`,
  viewBlocked: "Blockierte Jobs ansehen",
  values: (field) => `Werte von ${field}`,
  valuesHint: (field) =>
    `Aufgeführt sind die Werte von ${field}, auf die Jobs warten oder deren Zahl geändert wurde.`,
  noValues: (field) => `Kein Job wartet, und kein Wert von ${field} hat eine eigene Zahl.`,
  lookAt: (field) => `Anderer Wert von ${field}`,
  look: "Zeigen",
  ofType: "Limits",
  queues: (n) => (n === 1 ? "Queue" : "Queues"),
};
