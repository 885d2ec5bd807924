import { expect, test } from "vitest";

/** What texts said before they were put plainly. */
const REPLACED = [
  "gave up and wait",
  "is behind: its oldest",
  "Running well",
  "nothing needs you",
  "All is well",
  "none old",
  "after a pause",
  "did not come",
  "Asking whether",
  "Take a filter away",
  "No job matches",
  "list held",
  "All that match",
  "N jobs will change",
  "jobs will change",
  "Keep as they are",
  "after this step",
  "left alone",
  "goes back to the",
  "A worker runs it now",
  "ends at its next check",
  "Edit first",
  "= Redrive",
  "for a free worker",
  "Waits for its time",
  "the next one comes",
  "trying again cannot help",
  "lies in the",
  "Stopped by somebody",
  "failed for good",
  "worker went away",
  "ms so far",
  "First created",
  "No worker",
  "Pause after it",
  "Its lines in",
  "It runs in",
  "All jobs with this error",
  "Retry them all",
  "last start",
  "The same job again",
  "There is no such job",
  "its time is over",
  "this stretch of time",
  "Sorted among",
  "Needs you",
  "Coming up",
  "what is shown now",
  "Forget the view",
  "no room",
  "Go on",
  "goes on",
  "Empty in",
  "Budget a job",
  "of \\d kinds",
  "See the jobs",
  "Nothing went wrong",
  "Your token may only",
  "Start from",
  "= At once",
  "= Html",
  "= Cc",
  "After so many",
  "make no second job",
  "to find the job again by",
  "Fill this in",
  "Not in the right",
  "no such field",
  "right kind of value",
  "not JSON yet",
  "was there already",
  "Leave out",
  "You see what it said",
  "Trying again by itself",
  "Try now",
  "You see how it was",
  "find, do",
  "by that name",
  "Pause or go on",
  "Next theme",
  "Drop the selection",
  "Pick the row",
  "As the system",
  "= Times in",
  "on its way here",
  "This page broke",
  "You come back to the page",
  "is tried again",
  "what gives up",
  "Retries that behave",
  "Once, when it matters",
  "The same offline",
  "nudge",
  "the truth",
  "after the last try",
  "Asking this system",
  "What follows from",
];

const modules = import.meta.glob<string>("./en/*.ts", { eager: true, query: "?raw", import: "default" });

/** The texts of a module, as they are written: without names of properties and parameters. */
const written = (source: string) =>
  [...source.matchAll(/"([^"]*)"|`([^`]*)`/g)].map(([, a, b]) => a ?? b ?? "");

test("no text says what was replaced by plain words", () => {
  const texts = Object.entries(modules).flatMap(([file, source]) =>
    written(source).map((text) => [file, text] as const),
  );
  expect(texts.length).toBeGreaterThan(400);
  const found = texts.filter(([, text]) => REPLACED.some((words) => says(text, words)));
  expect(found).toEqual([]);
  expect(says("Try now", "Try now") && says("The chart did not come", "did not come")).toBe(true);
});

/** True when the text has the words, in any case; after "= " when it is them. */
function says(text: string, words: string): boolean {
  if (words.startsWith("= ")) return text === words.slice(2);
  return new RegExp(`\\b${words}\\b`, "i").test(text);
}
