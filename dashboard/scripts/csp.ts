/**
 * What Google's CSP Evaluator finds in policies: `tsx scripts/csp.ts POLICY...` prints one JSON list of findings for each.
 * A lower severity is a graver one: 10 high, 20 syntax, 30 medium; from 40 on it depends, or is a hint.
 */
import { CspEvaluator } from "csp_evaluator/dist/evaluator.js";
import { CspParser } from "csp_evaluator/dist/parser.js";

for (const policy of process.argv.slice(2)) {
  const findings = new CspEvaluator(new CspParser(policy).csp).evaluate();
  console.log(
    JSON.stringify(
      findings.map(({ severity, directive, value, description }) => ({
        severity,
        directive,
        value,
        description,
      })),
    ),
  );
}
