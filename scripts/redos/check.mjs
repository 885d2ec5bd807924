// Read the patterns of `python -m scripts.redos.patterns` from stdin; fail if one can take more than linear time.
import { text } from "node:stream/consumers";

process.env.RECHECK_BACKEND = "pure";
const { checkSync } = await import("recheck");
// A pattern that counts far makes too large an automaton: it is checked by recheck's fuzzer instead.
// The fuzzer counts characters that are read, and not time: on a busy machine, every pattern can take long.
const COUNTED = { attackTimeout: null, incubationTimeout: null, seedingTimeout: null };
const LIMITS = { ...COUNTED, maxRepeatCount: 10, timeout: 600_000 };

const slow = JSON.parse(await text(process.stdin)).flatMap(({ name, source, flags }) => {
  const { status, complexity, attack, error } = checkSync(source, flags, LIMITS);
  if (status === "safe") return [];
  const why = status === "vulnerable" ? `${complexity.summary}, on ${attack.pattern}` : `not checked: ${error?.kind}`;
  return [`${name} takes more than linear time (${why}): ${source}`];
});
for (const line of slow) console.error(line);
process.exitCode = slow.length > 0 ? 1 : 0;
