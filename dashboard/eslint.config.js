import js from "@eslint/js";
import importX from "eslint-plugin-import-x";
import jsxA11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import globals from "globals";
import tseslint from "typescript-eslint";

const features = ["jobs", "queues", "errors", "create", "landing"];
const above = (...rooms) => rooms.map((room) => `./src/${room}`);

/** Which rooms a room may not reach into: imports point one way, from the screens down to `lib`. */
const zones = [
  { target: "./src/lib", from: ["./src"], except: ["./lib"] },
  { target: "./src/ui", from: ["./src"], except: ["./ui", "./lib"] },
  { target: "./src/api", from: ["./src"], except: ["./api", "./lib", "./config.ts"] },
  { target: "./src/session", from: above(...features, "shell", "charts", "live") },
  { target: "./src/live", from: above(...features, "shell", "charts") },
  { target: "./src/charts", from: above(...features, "shell", "live") },
  // `jobs` is the domain: the other screens may use it, and it uses none of them.
  { target: "./src/jobs", from: above("queues", "errors", "create", "landing", "shell") },
  ...features
    .filter((name) => name !== "jobs")
    .map((name) => ({
      target: `./src/${name}`,
      from: above(...features.filter((other) => other !== name && other !== "jobs"), "shell"),
    })),
];

export default tseslint.config(
  { ignores: ["dist", "shots", "test-results", "playwright-report", "src/api/schema.gen.ts"] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  reactHooks.configs.flat["recommended-latest"],
  jsxA11y.flatConfigs.strict,
  {
    languageOptions: {
      globals: { ...globals.browser },
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    plugins: { "import-x": importX },
    settings: { "import-x/resolver": { typescript: true, node: true } },
    rules: {
      "import-x/no-restricted-paths": ["error", { zones }],
      "@typescript-eslint/no-unused-vars": [
        "error",
        { varsIgnorePattern: "^_", argsIgnorePattern: "^_", destructuredArrayIgnorePattern: "^_" },
      ],
      "react-hooks/incompatible-library": "off", // TanStack Virtual: its own components, which nothing memoises
      // A region that scrolls must be reachable with the keyboard (axe: scrollable-region-focusable).
      "jsx-a11y/no-noninteractive-tabindex": ["error", { roles: ["region"] }],
      "max-lines": ["error", { max: 220, skipBlankLines: true, skipComments: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "no-restricted-syntax": [
        "error",
        {
          selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']",
          message: "Payloads and errors are other people's text: render them as text.",
        },
      ],
    },
  },
  { files: ["**/*.js"], extends: [tseslint.configs.disableTypeChecked] },
  { files: ["fake/**", "e2e/**", "scripts/**", "*.ts"], languageOptions: { globals: globals.node } },
  // Playwright's fixtures take an object pattern even where they need nothing, and hand over by calling `use`.
  { files: ["e2e/**"], rules: { "no-empty-pattern": "off", "react-hooks/rules-of-hooks": "off" } },
);
