/** The code of each page, fetched when it is wanted. */
export const pages = {
  landing: () => import("./landing/LandingPage"),
  jobs: () => import("./jobs/JobsPage"),
  job: () => import("./jobs/JobPage"),
  create: () => import("./create/CreatePage"),
  queues: () => import("./queues/QueuesPage"),
  errors: () => import("./errors/ErrorsPage"),
};

const BY_PATH: [RegExp, () => Promise<unknown>][] = [
  [/^\/$/, pages.landing],
  [/^\/dashboard/, pages.jobs],
  [/^\/jobs\//, pages.job],
  [/^\/create/, pages.create],
  [/^\/queues/, pages.queues],
  [/^\/errors/, pages.errors],
];

/** Begin to fetch the page of an address before the router asks for it. */
export function warm(path: string): void {
  void BY_PATH.find(([pattern]) => pattern.test(path))?.[1]().catch(() => undefined);
}
