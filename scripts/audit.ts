// `npm run audit`: asks the registry for known vulnerabilities in all packages of the lock file, including development ones. A
// vulnerability makes the exit code 1. If the registry does not answer (mirrors, machines without a network), the script
// prints a line that begins with "skipped" and succeeds. With --must that is a failure too.
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

interface Hole {
  readonly title?: string;
  readonly url?: string;
}

/** The output of `npm audit --json`: a report, or the reason why there is none. */
interface Answer {
  readonly vulnerabilities?: Readonly<
    Record<string, { readonly severity: string; readonly range: string; readonly via: readonly (Hole | string)[] }>
  >;
  readonly message?: string;
}

const { values } = parseArgs({ options: { must: { type: "boolean", default: false } } });
const { stdout, stderr, error } = spawnSync("npm", ["audit", "--json"], { encoding: "utf8", timeout: 60_000 });
const { vulnerabilities, message = error?.message ?? stderr } = answerOf(stdout);
if (vulnerabilities === undefined) {
  const why = (message.split("\n")[0] as string).replaceAll(/\/\/[^@/\s]*@/g, "//");
  process.stdout.write(`skipped: npm audit, the registry did not answer: ${why}\n`);
  process.exitCode = values.must ? 1 : 0;
} else {
  const found = Object.entries(vulnerabilities);
  for (const [name, { severity, range, via }] of found) {
    const known = via.map((hole) =>
      typeof hole === "string" ? `by ${hole}` : `${hole.title ?? ""} ${hole.url ?? ""}`,
    );
    process.stdout.write(`${severity}: ${name} ${range}: ${known.join("; ")}\n`);
  }
  process.stdout.write(`npm audit: ${found.length === 0 ? "no" : found.length} package(s) with a known hole\n`);
  process.exitCode = found.length === 0 ? 0 : 1;
}

function answerOf(text: string): Answer {
  try {
    return JSON.parse(text) as Answer;
  } catch {
    return {};
  }
}
