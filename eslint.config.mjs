// Our own scripts: those of the report's page, which stand inside it, and those of the served pages.
// They are plain scripts without a build step, so each names what it takes from the others.
import js from "@eslint/js";
import globals from "globals";

const shared = Object.fromEntries(
  ["PERCENT", "percent", "count", "timeLeft", "element", "drawn"].map((name) => [name, "readonly"]),
);

export default [
  { ignores: [".venv/", ".venv-site/", "build/", "**/static/uplot/", "tests/browser/axe.min.js"] },
  js.configs.recommended,
  {
    files: ["src/**/*.js"],
    languageOptions: { sourceType: "script", globals: { ...globals.browser, ...shared } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      // Functions at the top of a file are for the others.
      "no-unused-vars": ["error", { vars: "local" }],
      "no-redeclare": ["error", { builtinGlobals: false }],
      "array-callback-return": "error",
      "consistent-return": "error",
      "default-param-last": "error",
      eqeqeq: "error",
      "max-len": ["error", 100],
      "no-else-return": "error",
      "no-implicit-coercion": "error",
      "no-param-reassign": "error",
      "no-shadow": ["error", { builtinGlobals: false }],
      "no-use-before-define": ["error", { functions: false, variables: false }],
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-arrow-callback": "error",
      "prefer-const": "error",
      "prefer-template": "error",
      strict: ["error", "global"],
    },
  },
  {
    files: ["**/curves.js"],
    languageOptions: { globals: { uPlot: "readonly" } },
  },
  {
    files: ["**/report.js"],
    languageOptions: {
      globals: { showCurves: "readonly", showConfusions: "readonly", showGallery: "readonly" },
    },
  },
  {
    files: ["**/live.js"],
    languageOptions: { globals: { showCurves: "readonly", tell: "readonly" } },
  },
  {
    files: ["**/pad.js"],
    languageOptions: { globals: { tell: "readonly" } },
  },
];
