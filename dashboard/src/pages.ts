import { askEarly } from "./api/early";
import { TOKEN_KEY } from "./session/key";

/** The code of each page, loaded on demand. */
export const pages = {
  landing: () => import("./landing/LandingPage"),
  jobs: () => import("./jobs/list/JobsPage"),
  job: () => import("./jobs/detail/JobPage"),
  create: () => import("./create/CreatePage"),
  queues: () => import("./queues/QueuesPage"),
  queue: () => import("./queues/TypePage"),
  errors: () => import("./errors/ErrorsPage"),
};

/** Each address with its code and the first requests of its page. */
const BY_PATH: [RegExp, () => Promise<unknown>, (address: Location) => string[]][] = [
  [/^\/$/, pages.landing, () => []],
  [
    /^\/dashboard$/,
    pages.jobs,
    ({ search }) => ["/metrics", "/metrics/health", ...(search ? [] : ["/jobs?limit=100"])],
  ],
  [/^\/jobs\//, pages.job, ({ pathname }) => [pathname]],
  [/^\/create/, pages.create, () => ["/job-types"]],
  [/^\/queues\/./, pages.queue, () => ["/metrics", "/job-types"]],
  [/^\/queues/, pages.queues, () => ["/metrics", "/job-types"]],
  [/^\/errors/, pages.errors, () => []],
];

/** Begin to fetch what the page of an address needs, before the router asks for it. */
export function warm(address: Location): void {
  const [, code, questions] = BY_PATH.find(([pattern]) => pattern.test(address.pathname)) ?? [];
  void askEarly(["/me", "/meta", ...(questions?.(address) ?? [])], sessionStorage.getItem(TOKEN_KEY));
  void code?.().catch(() => undefined);
}
