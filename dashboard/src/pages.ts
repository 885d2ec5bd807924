import { askEarly } from "./api/early";
import { TOKEN_KEY } from "./session/key";

/** The code of each page, fetched when it is wanted. */
export const pages = {
  landing: () => import("./landing/LandingPage"),
  jobs: () => import("./jobs/list/JobsPage"),
  job: () => import("./jobs/detail/JobPage"),
  create: () => import("./create/CreatePage"),
  queues: () => import("./queues/QueuesPage"),
  errors: () => import("./errors/ErrorsPage"),
};

/** Of each address: its code, and what its page asks the API first. */
const BY_PATH: [RegExp, () => Promise<unknown>, (address: Location) => string[]][] = [
  [/^\/$/, pages.landing, () => []],
  [/^\/dashboard$/, pages.jobs, ({ search }) => ["/metrics", ...(search ? [] : ["/jobs?limit=100"])]],
  [/^\/jobs\//, pages.job, ({ pathname }) => [pathname]],
  [/^\/create/, pages.create, () => ["/job-types"]],
  [/^\/queues/, pages.queues, () => ["/metrics", "/job-types"]],
  [/^\/errors/, pages.errors, () => []],
];

/** Begin to fetch what the page of an address needs, before the router asks for it. */
export function warm(address: Location): void {
  const [, code, questions] = BY_PATH.find(([pattern]) => pattern.test(address.pathname)) ?? [];
  void askEarly(["/me", ...(questions?.(address) ?? [])], sessionStorage.getItem(TOKEN_KEY));
  void code?.().catch(() => undefined);
}
