// Substitutes `${NAME}`, `${NAME:-default}`, `${file:/path}` and `${credential:NAME}` in parsed scalars, never in raw text, so
// that places stay correct and no value can inject YAML. `$${` is a literal `${`. Values from files, from credentials and from
// variables named like secrets are treated as secrets.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { reason } from "./layers.ts";
import type { Fault } from "../faults/fault.ts";
import { nearestWord } from "../faults/suggest.ts";
import type { Scalar } from "./tree.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** The value of a variable with such a name is treated as a secret. */
const SECRET_NAME = /pass|secret|token|key|credential/i;

export class Substitution {
  readonly faults: Fault[] = [];
  /** Credentials of systemd, which only a process of the unit can see. Not among `faults`. */
  readonly unseen: Fault[] = [];
  /** Values that no output may show. */
  readonly secrets = new Set<string>();
  /** Absolute paths of the files that were read. */
  readonly files = new Set<string>();
  private readonly env: Environment;

  constructor(env: Environment) {
    this.env = env;
  }

  apply(scalar: Scalar): Scalar {
    if (typeof scalar.value !== "string" || !scalar.value.includes("${")) return scalar;
    let failed = false;
    const value = scalar.value.replace(
      /(\$?)\$\{([^}]*)(\}?)/g,
      (whole, escaped: string, inside: string, end: string) => {
        if (escaped !== "") return whole.slice(1);
        const found = end === "" ? this.malformed(scalar) : this.resolve(scalar, inside);
        failed ||= found === undefined;
        return found ?? "";
      },
    );
    // A scalar with a fault keeps its original text.
    return { ...scalar, value: failed ? scalar.value : value, raw: scalar.value };
  }

  private resolve(scalar: Scalar, inside: string): string | undefined {
    const colon = inside.indexOf(":");
    const kind = colon < 0 ? "" : inside.slice(0, colon);
    if (kind === "file") return this.file(scalar, inside.slice(colon + 1));
    if (kind === "credential") return this.credential(scalar, inside.slice(colon + 1));
    const match = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s.exec(inside);
    if (!match) return this.malformed(scalar);
    const [, name = "", otherwise] = match;
    const value = this.env[name];
    if (otherwise !== undefined && (value === undefined || value === "")) return otherwise;
    if (value !== undefined && SECRET_NAME.test(name)) this.keep(value);
    return value ?? this.unset(scalar, name);
  }

  private file(scalar: Scalar, path: string): string | undefined {
    try {
      const text = readFileSync(path, "utf8").replace(/\r?\n$/, "");
      this.keep(text);
      this.files.add(resolve(path));
      return text;
    } catch (error) {
      const help =
        "the file must be readable for the user that spillway runs as; one line break at its end is left out";
      return this.fault(scalar, "unreadable-file", `could not read \`${path}\`: ${reason(error)}`, help);
    }
  }

  private credential(scalar: Scalar, name: string): string | undefined {
    const directory = this.env["CREDENTIALS_DIRECTORY"];
    if (!/^[A-Za-z0-9_.-]+$/.test(name) || name.startsWith(".")) return this.malformed(scalar);
    return directory === undefined ? this.cannotSee(scalar, name) : this.file(scalar, join(directory, name));
  }

  /** The process does not run in the unit that has the credential. */
  private cannotSee(scalar: Scalar, name: string): undefined {
    const load = `LoadCredential=${name}:/path`;
    const message = "`CREDENTIALS_DIRECTORY` is not set, so there are no credentials";
    const byHand = `by hand: \`systemd-run --pipe --property=${load} spillway ...\``;
    const help = `\`${load}\` in the unit file sets it; ${byHand}; outside of systemd: \`\${file:/path}\``;
    this.unseen.push({ code: "unset-variable", severity: "error", at: scalar.at, message, help });
    return undefined;
  }

  /** Values of less than 4 characters are not secrets: hiding them would hide half of the output. */
  private keep(secret: string): void {
    if (secret.length >= 4) this.secrets.add(secret);
  }

  private unset(scalar: Scalar, name: string): undefined {
    if (name === "CREDENTIALS_DIRECTORY") return this.cannotSee(scalar, "NAME");
    const near = nearestName(name, Object.keys(this.env));
    const ways = `set it, or \`\${${name}:-}\`, or \`\${credential:NAME}\``;
    const help = near === undefined ? ways : `${ways}; \`${near}\` is set`;
    return this.fault(scalar, "unset-variable", `variable \`${name}\` is not set and has no default`, help);
  }

  private malformed(scalar: Scalar): undefined {
    const help = "`${NAME}`, `${NAME:-default}`, `${file:/path}` or `${credential:NAME}`; `$${` is a literal `${`";
    return this.fault(scalar, "bad-substitution", "a `${...}` cannot be read", help);
  }

  private fault(scalar: Scalar, code: Fault["code"], message: string, help: string): undefined {
    this.faults.push({ code, severity: "error", at: scalar.at, message, help });
    return undefined;
  }
}

/** The nearest name, or one that contains all words of the name, such as `ES_API_KEY` for `ES_KEY`. */
function nearestName(name: string, known: readonly string[]): string | undefined {
  const words = name.split("_");
  return nearestWord(name, known) ?? known.find((other) => words.every((word) => other.split("_").includes(word)));
}
