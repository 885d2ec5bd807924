import { count, plural } from "../numbers";
import { texts } from "../texts";

export const english = {
  limits: "Limits",
  limitsOf: (type: string) => `Limits of ${type}`,
  allLimits: "All limits",
  summary: (limits: number, changed: number) =>
    changed === 0
      ? plural(limits, "limit")
      : `${plural(limits, "limit")}, ${plural(changed, "number")} changed at run time`,
  loading: "Loading the limits",
  couldntLoad: "Couldn't load the limits",
  none: "No limits",
  noneOf: (type: string) => `${type} has no limits`,
  whatItIs:
    "A limit says how many jobs run at once, or start in a period: of a type, of each customer, or of several types that use the same provider. The others wait in the order in which they were due.",
  howToDeclare: "Declare it in the code:",
  example: "A limit in the code",
  thenHere:
    "Then this page shows who has a place and who waits, and operators change the number while jobs run.",
  more: "Jobs wait for more values than these.",
  notInForce: "The code does not declare the limit, so the change does nothing now.",
  startWithinMinutes: (values: number) =>
    `For ${plural(values, "value")}, jobs that wait start within minutes.`,
  nameElsewhere: "Name in commands and the API:",
  // What a limit counts.
  allOfType: "All jobs of the type",
  allTogether: (types: number) => `All jobs of ${plural(types, "type")} together`,
  each: (field: string) => `Each ${field} has its own places`,
  eachTogether: (field: string, types: number) =>
    `Each ${field} has its own places, for ${plural(types, "type")} together`,
  notDeclared: "No longer declared in the code",
  notDeclaredMeaning: "Jobs that still wait for it may all run.",
  valueOf: (field: string) => `${field}:`,
  // Numbers.
  places: "At once",
  starts: "Starts",
  startsIn: (n: number, per: number) =>
    `${count(n)} ${{ 1: "a second", 60: "a minute", 3600: "an hour", 86400: "a day" }[per] ?? `in ${per} seconds`}`,
  turns: "With a turn",
  rateEach: (field: string) => `Each ${field} has its own rate`,
  rateEachTogether: (field: string, types: number) =>
    `Each ${field} has its own rate, for ${plural(types, "type")} together`,
  inCode: (n: number) => `in the code: ${count(n)}`,
  codeSays: (n: string) => `In the code: ${n}.`,
  unlimited: "no limit",
  inUse: "In use",
  inUseOf: (used: string, n: string) => `${used} of ${n}`,
  waiting: "Waiting",
  countMore: (n: number) => `${count(n)}+`,
  someWait: "some",
  perValue: "per value",
  notCounted: "not counted",
  changedBy: (by: string) => `Changed by ${by}`,
  forAllValues: "for all values",
  // One limit.
  notFound: "Limit not found",
  notFoundHint: "The code declares no limit with this name, nobody has changed it, and no job waits for it.",
  viewLimits: "View limits",
  atMost: (n: number) =>
    n === 0 ? "No job starts." : `At most ${plural(n, "job runs", "jobs run")} at once.`,
  atMostEach: (n: number, field: string) =>
    n === 0
      ? `No job starts, of any ${field}.`
      : `At most ${plural(n, "job runs", "jobs run")} at once for each ${field}.`,
  atRate: (rate: string) => `At most ${rate} start.`,
  atRateEach: (rate: string, field: string) => `At most ${rate} start for each ${field}.`,
  asInCode: "As in the code.",
  change: "Change",
  changeOf: (name: string) => `Change the limit ${name}`,
  newNumber: "Jobs at once",
  newNumberHint: (most: number) => `0 to ${most}. With 0, no job starts.`,
  newStarts: (per: number) =>
    `Starts ${{ 1: "a second", 60: "a minute", 3600: "an hour", 86400: "a day" }[per] ?? `in ${per} seconds`}`,
  newRateHint: (least: number, most: string) => `0, or ${count(least)} to ${most}. With 0, no job starts.`,
  changeMeaning:
    "Workers obey within 10 seconds. Running jobs are not stopped. The change stays until you reset it, also after a deployment.",
  changeRateMeaning:
    "Workers obey within 10 seconds. The period and the burst stay as in the code. The change stays until you reset it, also after a deployment.",
  changeAll: (field: string) => `For each ${field}, except those with a number of their own.`,
  setTo: (n: number) => (n === 0 ? "Let no job start" : `Set to ${n}`),
  changedDone: (name: string, n: number) => `${name}: at most ${n} at once.`,
  changedRate: (name: string, rate: string) => `${name}: at most ${rate}.`,
  reset: "Reset",
  resetOf: (name: string) => `Reset ${name} to the code`,
  resetQuestion: (n: string) => `The limit gets the number of the code again: ${n}.`,
  resetValueQuestion: "The value gets the number of all values again.",
  resetGoneQuestion: "The change is forgotten. The code no longer declares this limit.",
  resetDone: (name: string) => `${name}: as in the code.`,
  viewerHint: "Operators can change the number.",
  holders: (n: number) => `${plural(n, "job")} with a place`,
  noHolders: "No job has a place now.",
  turnHolders: (n: number) => `${plural(n, "job")} with a turn`,
  noTurns: "No job has a turn now.",
  noPlace: "It does not need the place any more. The place is freed in a moment.",
  unreadable: "cannot be read",
  runsSince: "running since",
  waitsSince: "waiting since",
  lines: "Waiting jobs",
  nobodyWaits: "No job waits for this limit.",
  lineOf: (type: string, n: string) => `${type}: ${n}`,
  dueSince: "due since",
  ofPriority: (priority: "high" | "normal" | "low") => `priority ${priority}`,
  andMore: (n: string) => `${n} more`,
  viewBlocked: "View blocked jobs",
  values: (field: string) => `Each ${field}`,
  valuesHint: (field: string) => `Each ${field} for which jobs wait or whose number was changed.`,
  noValues: (field: string) => `No job waits, and no ${field} has a number of its own.`,
  lookAt: (field: string) => `Another ${field}`,
  look: "Show",
  ofType: "Limits",
  queues: (n: number) => (n === 1 ? "Queue" : "Queues"),
};

export const t = texts("limits", english);
