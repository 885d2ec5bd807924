/** Import directions: screens may use `jobs`, shared rooms may use only what lies below them. Types count as imports. */
const features = ["queues", "errors", "create", "landing", "bulk", "batches", "audit", "limits"];
const rooms = (...names) => `^src/(${names.join("|")})/`;

const forbid = (name, from, to) => ({ name, severity: "error", from, to });

/** The room `name` may import only from itself, from the rooms listed and from single files of src listed. */
const only = (name, allowed, files = []) =>
  forbid(
    `${name}-imports-only-below`,
    { path: rooms(name) },
    { path: "^src/", pathNot: [rooms(name, ...allowed), ...files.map((file) => `^src/${file}$`)] },
  );

const shared = ["lib", "texts", "ui", "api", "session"];

module.exports = {
  forbidden: [
    forbid("no-circles", {}, { circular: true }),
    only("lib", ["texts"]),
    only("texts", ["lib"]),
    only("ui", ["lib", "texts"]),
    only("api", ["lib", "texts"], ["config.ts"]),
    only("session", ["lib", "texts", "ui", "api"], ["config.ts"]),
    only("live", shared),
    only("charts", shared),
    only("jobs", [...shared, "live", "charts", "test"], ["config.ts"]),
    // `jobs` is the domain: the other screens may use it, but not each other.
    ...features.map((name) => only(name, [...shared, "live", "charts", "jobs", "test"], ["config.ts"])),
    // The form of a schedule is that of a job: it uses the create screen's parts.
    only("schedules", [...shared, "live", "charts", "jobs", "create", "test"], ["config.ts"]),
    forbid(
      "jobs-domain-uses-no-screen",
      { path: "^src/jobs/[^/]+$", pathNot: "\\.test\\.tsx?$" },
      { path: "^src/jobs/[^/]+/" },
    ),
    forbid(
      "actions-use-no-screen",
      { path: "^src/jobs/actions/" },
      { path: "^src/jobs/(list|table|detail|health)/" },
    ),
    forbid("table-uses-no-page", { path: "^src/jobs/table/" }, { path: "^src/jobs/(list|detail|health)/" }),
    forbid("health-uses-no-page", { path: "^src/jobs/health/" }, { path: "^src/jobs/(list|table|detail)/" }),
    forbid(
      "detail-and-list-apart",
      { path: "^src/jobs/detail/" },
      { path: "^src/jobs/(list|table|health)/" },
    ),
    forbid("list-and-detail-apart", { path: "^src/jobs/list/" }, { path: "^src/jobs/detail/" }),
    forbid(
      "source-uses-no-tooling",
      { path: "^src/", pathNot: "\\.test\\.tsx?$" },
      { path: "^(fake|e2e|scripts)/" },
    ),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { extensions: [".ts", ".tsx", ".js"] },
  },
};
