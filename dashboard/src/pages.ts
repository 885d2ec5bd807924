import { askEarly } from "./api/early";
import { TOKEN_KEY } from "./session/key";

/** The code of each page, loaded on demand. */
export const pages = {
  landing: () => import("./landing/LandingPage"),
  jobs: () => import("./jobs/list/JobsPage"),
  job: () => import("./jobs/detail/JobPage"),
  create: () => import("./create/CreatePage"),
  queues: () => import("./queues/QueuesPage"),
  queue: () => import("./queues/type/TypePage"),
  errors: () => import("./errors/ErrorsPage"),
  schedules: () => import("./schedules/SchedulesPage"),
  webhooks: () => import("./webhooks/WebhooksPage"),
  audit: () => import("./audit/AuditPage"),
  limits: () => import("./limits/LimitsPage"),
  tokens: () => import("./tokens/TokensPage"),
  usage: () => import("./usage/UsagePage"),
  batchList: () => import("./batches/BatchListPage"),
  batch: () => import("./batches/BatchPage"),
  signedIn: () => import("./shell/SignedIn"),
  bulkList: () => import("./bulk/BulkListPage"),
  bulk: () => import("./bulk/BulkPage"),
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
  [/^\/queues\/./, pages.queue, () => ["/metrics", "/metrics/flow", "/job-types"]],
  [/^\/queues/, pages.queues, () => ["/metrics", "/metrics/flow", "/job-types"]],
  [/^\/errors/, pages.errors, () => []],
  [/^\/schedules/, pages.schedules, () => []],
  [/^\/webhooks/, pages.webhooks, () => ["/webhooks"]],
  [/^\/audit/, pages.audit, () => []],
  [/^\/limits/, pages.limits, ({ search }) => (/[?&]of=/.test(search) ? [] : ["/limits"])],
  [/^\/tokens/, pages.tokens, () => []],
  [/^\/usage/, pages.usage, () => []],
  [/^\/batches\/./, pages.batch, ({ pathname }) => [pathname]],
  [/^\/batches/, pages.batchList, () => ["/batches"]],
  [/^\/bulk\/./, pages.bulk, ({ pathname }) => [pathname]],
  [/^\/bulk/, pages.bulkList, () => ["/bulk"]],
];

function at(address: Location) {
  return BY_PATH.find(([pattern]) => pattern.test(address.pathname));
}

/** Send the first requests of the page at an address, before the router does. */
export function askFirst(address: Location): void {
  const questions = at(address)?.[2](address) ?? [];
  void askEarly(["/me", "/meta", ...questions], sessionStorage.getItem(TOKEN_KEY));
}

/** Begin to load the code for an address, before the router does. Its language is chosen when it runs. */
export function loadPage(address: Location): void {
  void at(address)?.[1]().catch(() => undefined);
}
