// Puts a real Elasticsearch together from the jars that Maven's central repository has: once, into a cache folder that
// is part of the checkout (SPILLWAY_CACHE names another). 45 MB and some 10 s each. By hand, for every version:
//   node test/elasticsearch/assemble.ts
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { findJdk, findProgram } from "./java.ts";

/** The newest of each supported major. */
export const VERSIONS = ["8.19.21", "9.5.3"] as const;
export type Version = (typeof VERSIONS)[number];

/** Everything that is needed to start a server. */
export interface Installation {
  readonly home: string;
  readonly java: string;
}

const run = promisify(execFile);
const HERE = import.meta.dirname;
const POM = join(HERE, "pom.xml");
const LAUNCHER = join(HERE, "Launcher.java");
const CACHE = process.env["SPILLWAY_CACHE"] ?? join(HERE, "../../.cache");

/** One line that says what this machine lacks and how to get it; undefined when the server can be started. */
export function missing(version: Version): string | undefined {
  const least = leastJava(version);
  if (!findJdk(least))
    return `Elasticsearch ${version}: no JDK ${least} or newer (javac included) in JAVA_HOME or /usr/lib/jvm; install one, for example openjdk-${least}-jdk or Temurin`;
  if (!existsSync(homeOf(version)) && !findProgram("mvn"))
    return `Elasticsearch ${version}: Maven is not installed, it fetches the server's jars; apt-get install maven`;
  return undefined;
}

/** Returns the cached server, or makes it first. Any number of processes may call this at the same time. */
export async function assemble(version: Version): Promise<Installation> {
  const lack = missing(version);
  if (lack) throw new Error(lack);
  const jdk = findJdk(leastJava(version)) as string;
  const home = homeOf(version);
  if (!existsSync(home)) await build(version, jdk, home);
  return { home, java: join(jdk, "bin/java") };
}

/** Built beside its place and moved there when whole: nobody ever sees half a server. */
async function build(version: Version, jdk: string, home: string): Promise<void> {
  await mkdir(dirname(home), { recursive: true });
  const draft = await mkdtemp(`${home}.`);
  try {
    await run("mvn", ["-B", "-q", "-f", POM, `-Delasticsearch=${version}`, `-Dhome=${draft}`, "generate-resources"]);
    await describeTransport(jdk, join(draft, "modules/transport-netty4"));
    const classPath = join(draft, "lib/*");
    const release = String(leastJava(version));
    const classes = join(draft, "classes");
    const options = ["--release", release, "-proc:none", "-cp", classPath, "-d", classes];
    await run(join(jdk, "bin/javac"), [...options, LAUNCHER]);
    await rename(draft, home).catch((error: unknown) => {
      if (!existsSync(home)) throw error;
    });
  } catch (error) {
    const { message, stdout } = error as Error & { stdout?: string };
    throw new Error(`Elasticsearch ${version} could not be assembled: ${message}\n${stdout ?? ""}`, { cause: error });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** The transport's jar carries its own descriptor. Its `modulename` must go: the server runs from the class path. */
async function describeTransport(jdk: string, module: string): Promise<void> {
  const jar = (await readdir(module)).find((name) => name.startsWith("transport-netty4-")) as string;
  const inside = "META-INF/es-plugins/transport-netty4/plugin-descriptor.properties";
  await run(join(jdk, "bin/jar"), ["xf", jar, inside], { cwd: module });
  const text = await readFile(join(module, inside), "utf8");
  await writeFile(join(module, "plugin-descriptor.properties"), text.replace(/^modulename=.*$/m, ""));
  await rm(join(module, "META-INF"), { recursive: true });
}

/** Part of the name is what it was made by, so that a changed recipe makes a new one. */
function homeOf(version: Version): string {
  const recipe = createHash("sha1").update(readFileSync(POM)).update(readFileSync(LAUNCHER)).digest("hex");
  return join(CACHE, "elasticsearch", `${version}-${recipe.slice(0, 8)}`);
}

function leastJava(version: Version): number {
  return version.startsWith("8.") ? 17 : 21;
}

if (import.meta.main) {
  for (const version of VERSIONS) {
    const line = missing(version) ?? (await assemble(version)).home;
    process.stdout.write(`${line}\n`);
  }
}
