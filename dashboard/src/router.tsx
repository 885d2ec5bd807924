import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { pages } from "./pages";
import { readSearch } from "./jobs/search";
import { Broken, Lost } from "./shell/fallbacks";
import { Shell } from "./shell/Shell";

const root = createRootRoute({ component: Shell, notFoundComponent: Lost, errorComponent: Broken });
const text = (value: unknown): string | undefined => (typeof value === "string" && value ? value : undefined);

/** Return the values of a query string that have these names, if they are texts. */
function pick<Name extends string>(...names: Name[]) {
  return (raw: Record<string, unknown>) => {
    const found = names.flatMap((name) => {
      const value = text(raw[name]);
      return value ? [[name, value] as const] : [];
    });
    return Object.fromEntries(found) as Partial<Record<Name, string>>;
  };
}

const landing = createRoute({
  getParentRoute: () => root,
  path: "/",
  component: lazyRouteComponent(pages.landing, "LandingPage"),
});
const dashboard = createRoute({
  getParentRoute: () => root,
  path: "/dashboard",
  validateSearch: readSearch,
  component: lazyRouteComponent(pages.jobs, "JobsPage"),
});
const job = createRoute({
  getParentRoute: () => root,
  path: "/jobs/$id",
  component: lazyRouteComponent(pages.job, "JobPage"),
});
const create = createRoute({
  getParentRoute: () => root,
  path: "/create",
  validateSearch: pick("type", "from", "edit", "begin"),
  component: lazyRouteComponent(pages.create, "CreatePage"),
});
const queues = createRoute({
  getParentRoute: () => root,
  path: "/queues",
  component: lazyRouteComponent(pages.queues, "QueuesPage"),
});
const queue = createRoute({
  getParentRoute: () => root,
  path: "/queues/$queue",
  validateSearch: (raw: Record<string, unknown>) => {
    const { span } = readSearch(raw);
    return { ...(span && { span }), ...(raw.compare === "before" && { compare: "before" as const }) };
  },
  component: lazyRouteComponent(pages.queue, "TypePage"),
});
const errors = createRoute({
  getParentRoute: () => root,
  path: "/errors",
  validateSearch: pick("type", "since", "only"),
  component: lazyRouteComponent(pages.errors, "ErrorsPage"),
});
const schedules = createRoute({
  getParentRoute: () => root,
  path: "/schedules",
  validateSearch: pick("edit"),
  component: lazyRouteComponent(pages.schedules, "SchedulesPage"),
});

const webhooks = createRoute({
  getParentRoute: () => root,
  path: "/webhooks",
  validateSearch: pick("edit", "of"),
  component: lazyRouteComponent(pages.webhooks, "WebhooksPage"),
});
const audit = createRoute({
  getParentRoute: () => root,
  path: "/audit",
  validateSearch: pick("job", "bulk", "principal", "action", "span", "show"),
  component: lazyRouteComponent(pages.audit, "AuditPage"),
});
const limits = createRoute({
  getParentRoute: () => root,
  path: "/limits",
  validateSearch: (raw: Record<string, unknown>) => ({
    ...pick("of", "type")(raw),
    // an empty text is a value, too
    ...(typeof raw.value === "string" && { value: raw.value }),
  }),
  component: lazyRouteComponent(pages.limits, "LimitsPage"),
});
const tokens = createRoute({
  getParentRoute: () => root,
  path: "/tokens",
  validateSearch: pick("show"),
  component: lazyRouteComponent(pages.tokens, "TokensPage"),
});
const usage = createRoute({
  getParentRoute: () => root,
  path: "/usage",
  validateSearch: pick("period", "by", "type"),
  component: lazyRouteComponent(pages.usage, "UsagePage"),
});
const signedIn = createRoute({
  getParentRoute: () => root,
  path: "/signed-in",
  component: lazyRouteComponent(pages.signedIn, "SignedIn"),
});
const batchList = createRoute({
  getParentRoute: () => root,
  path: "/batches",
  component: lazyRouteComponent(pages.batchList, "BatchListPage"),
});
const batch = createRoute({
  getParentRoute: () => root,
  path: "/batches/$id",
  validateSearch: pick("round"),
  component: lazyRouteComponent(pages.batch, "BatchPage"),
});
const bulkList = createRoute({
  getParentRoute: () => root,
  path: "/bulk",
  component: lazyRouteComponent(pages.bulkList, "BulkListPage"),
});
const bulk = createRoute({
  getParentRoute: () => root,
  path: "/bulk/$id",
  validateSearch: pick("show"),
  component: lazyRouteComponent(pages.bulk, "BulkPage"),
});

const routeTree = root.addChildren([
  landing,
  dashboard,
  job,
  create,
  queues,
  queue,
  errors,
  schedules,
  audit,
  tokens,
  usage,
  signedIn,
  limits,
  webhooks,
  batchList,
  batch,
  bulkList,
  bulk,
]);

export function makeRouter() {
  return createRouter({
    routeTree,
    defaultPreload: "intent",
    scrollRestoration: true,
    defaultPendingMs: 200,
    // Write plain words into the URL, as a person would write them.
    parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
    stringifySearch: (search) => {
      const query = new URLSearchParams();
      for (const [name, value] of Object.entries(search)) {
        if (value !== undefined && value !== null) query.set(name, String(value as string | number));
      }
      const written = query.toString();
      return written ? `?${written}` : "";
    },
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
