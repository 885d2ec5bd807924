import { plural } from "../numbers";
import { texts } from "../texts";

export const english = {
  deploys: (n: number) => plural(n, "deploy"),
  deployed: (version: string) => `Deployed ${version}`,
  lastDeploy: (version: string, at: string) => `${version}, ${at}`,
  runsBySize: "Distribution of run times",
  range: (low: string, high: string) => `${low} to ${high}`,
  upTo: (high: string) => `up to ${high}`,
  jobs: (n: number) => plural(n, "job"),
  noRuns: "No runs",
};

export const t = texts("charts", english);
