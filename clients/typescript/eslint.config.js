import js from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  // The walk is compiled against the installed package and a stage's types, which tests/flow/test_typescript.py makes.
  { ignores: ["dist", "walk", "src/schema.gen.ts"] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
    },
  },
  {
    files: ["**/*.js", "**/*.mjs"],
    languageOptions: { globals: { process: "readonly", console: "readonly", URL: "readonly" } },
    extends: [tseslint.configs.disableTypeChecked],
  },
  {
    files: ["test/**"],
    // node:test awaits what `test` returns by itself.
    rules: { "@typescript-eslint/no-floating-promises": "off" },
  },
);
