import { plural } from "../numbers";
import type { english } from "../en/charts";

export const charts: typeof english = {
  deploys: (n) => plural(n, "Deployment", "Deployments"),
  deployed: (version) => `Deployt: ${version}`,
  lastDeploy: (version, at) => `${version}, ${at}`,
  runsBySize: "Verteilung der Laufzeiten",
  range: (low, high) => `${low} bis ${high}`,
  upTo: (high) => `bis ${high}`,
  jobs: (n) => plural(n, "Job", "Jobs"),
  noRuns: "Keine Läufe",
};
