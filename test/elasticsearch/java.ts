// Finds a JDK. Machines often have several, and `java` on the path is seldom the newest. So look where distributions and tool
// chains install them, and read the version from each JDK's `release` file instead of starting it.
import { existsSync, readFileSync, readdirSync, realpathSync } from "node:fs";
import { delimiter, join } from "node:path";

const SHELF = "/usr/lib/jvm";

/** The home of the oldest JDK (compiler included) from version `atLeast` up to, but not including, `below`. */
export function findJdk(atLeast: number, below = Infinity): string | undefined {
  return candidates()
    .filter((home) => existsSync(join(home, "bin/javac")))
    .map((home) => ({ home, version: versionOf(home) }))
    .filter((jdk) => jdk.version >= atLeast && jdk.version < below)
    .sort((a, b) => a.version - b.version)[0]?.home;
}

/** The path of a program on PATH, or undefined. */
export function findProgram(name: string): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((directory) => join(directory, name))
    .find((path) => existsSync(path));
}

function candidates(): string[] {
  const java = findProgram("java");
  const shelf = existsSync(SHELF) ? readdirSync(SHELF).map((name) => join(SHELF, name)) : [];
  return [process.env["JAVA_HOME"] ?? "", java ? join(realpathSync(java), "../..") : "", ...shelf].filter(Boolean);
}

function versionOf(home: string): number {
  const release = join(home, "release");
  if (!existsSync(release)) return 0;
  return Number(/^JAVA_VERSION="(\d+)/m.exec(readFileSync(release, "utf8"))?.[1] ?? 0);
}
