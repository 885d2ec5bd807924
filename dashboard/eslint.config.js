import js from "@eslint/js";
import jsxA11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import globals from "globals";
import tseslint from "typescript-eslint";

const foreignText = {
  selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']",
  message: "Payloads and errors are other people's text: render them as text.",
};

/** Names, commands and file names that are the same in every language. */
const UNTRANSLATED =
  "(?!\\s*(JobFlow|handlers.invoice_render.py|UTC|Python|make token|Chalice · Lambda · SQS · DynamoDB|uploads.…|welcome, customer:42)\\s*$)";
const WORD = `/^${UNTRANSLATED}[^]*[A-Za-z]{2,}/`;
const SENTENCE = `/^${UNTRANSLATED} ?[A-Z][a-z’']+( [a-z]|…$|[.:]( |$))/`;
const NAMED = "/^(label|title|aria-label|placeholder|alt|note|detail|description)$/";
/** Words between blanks, and not the names of style classes. */
const PHRASE = `/^(?!make (dev|test)$)([^]*[ :])?[a-z]{2,} [a-z]{2,}($|[ .,;:!?])/`;
const STYLES =
  ":not(JSXAttribute[name.name=/class|rel|labelledby/i] *, CallExpression[callee.name='cx'] *, VariableDeclarator[id.name=/class|card|tone|marked|above|below/i] *)";
const inChild = (path) => `:matches(JSXElement, JSXFragment) > JSXExpressionContainer > ${path}`;

/** Literal texts that a reader would see: they belong in src/texts, where each language has them. */
const visibleTexts = [
  `JSXText[value=${WORD}]`,
  ...["", "JSXExpressionContainer > ", "JSXExpressionContainer > ConditionalExpression > "].map(
    (path) => `JSXAttribute[name.name=${NAMED}] > ${path}Literal[value=${WORD}]`,
  ),
  `JSXAttribute[name.name=${NAMED}] > JSXExpressionContainer > TemplateLiteral > TemplateElement[value.raw=${WORD}]`,
  ...["Literal", "ConditionalExpression > Literal", "LogicalExpression > Literal"].map((path) =>
    inChild(`${path}[value=${WORD}]`),
  ),
  ...["", "ConditionalExpression > ", "LogicalExpression > "].map((path) =>
    inChild(`${path}TemplateLiteral > TemplateElement[value.raw=${WORD}]`),
  ),
  `Literal[value=${SENTENCE}]`,
  `TemplateElement[value.raw=${SENTENCE}]`,
  `Literal[value=${PHRASE}]${STYLES}`,
].map((selector) => ({ selector, message: "A visible text: put it into src/texts, in each language." }));

export default tseslint.config(
  { ignores: ["dist", "shots", "test-results", "playwright-report"] },
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
    rules: {
      "@typescript-eslint/no-unused-vars": [
        "error",
        { varsIgnorePattern: "^_", argsIgnorePattern: "^_", destructuredArrayIgnorePattern: "^_" },
      ],
      "react-hooks/incompatible-library": "off", // TanStack Virtual: its own components, which nothing memoises
      // A region that scrolls must be reachable with the keyboard (axe: scrollable-region-focusable).
      "jsx-a11y/no-noninteractive-tabindex": ["error", { roles: ["region"] }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "no-restricted-syntax": ["error", foreignText],
    },
  },
  {
    files: ["src/**"],
    ignores: ["src/texts/**", "src/**/*.test.*", "src/test/**", "src/reference/**"],
    rules: { "no-restricted-syntax": ["error", foreignText, ...visibleTexts] },
  },
  {
    // Code that is shown, and the one file that is read before any text is there.
    files: ["src/landing/samples.ts", "src/jobs/snippets.ts", "src/config.ts"],
    rules: { "no-restricted-syntax": ["error", foreignText] },
  },
  {
    files: ["**/*.js", "**/*.cjs"],
    languageOptions: { globals: globals.node },
    extends: [tseslint.configs.disableTypeChecked],
  },
  { files: ["fake/**", "e2e/**", "scripts/**", "*.ts"], languageOptions: { globals: globals.node } },
  // Playwright's fixtures take an object pattern even where they need nothing, and hand over by calling `use`.
  { files: ["e2e/**"], rules: { "no-empty-pattern": "off", "react-hooks/rules-of-hooks": "off" } },
);
