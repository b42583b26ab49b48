// Assembles a real Elasticsearch or OpenSearch from the jars in Maven's central repository, once, into a cache folder that is
// part of the checkout (SPILLWAY_CACHE names another). About 45 MB and 10 s for each. By hand, for one server (9.5.3) or all:
//   node test/elasticsearch/assemble.ts [SERVER]
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { findJdk, findProgram } from "./java.ts";
import { SECURED, SERVERS, type Server, folderOf, pathOf, recipeOf } from "./recipes.ts";
import { addSecurity } from "./secured/add.ts";

/** Paths needed to start a server. */
export interface Installation {
  readonly home: string;
  readonly java: string;
}

const run = promisify(execFile);
/** Holds every server that tests need, by its name and version. */
export const CACHE = process.env["SPILLWAY_CACHE"] ?? join(import.meta.dirname, "../../.cache");

/** One line that says what this machine lacks and how to get it; undefined if the server can be started. */
export function missing(server: Server): string | undefined {
  const { name, java } = recipeOf(server);
  const [least, below] = java;
  if (!findJdk(least, below))
    return `${name}: no JDK ${least} ${below < Infinity ? `to ${below - 1}` : "or newer"} (javac included) in JAVA_HOME or /usr/lib/jvm; install one, for example openjdk-${least}-jdk or Temurin`;
  if (!existsSync(homeOf(server)) && !findProgram("mvn"))
    return `${name}: Maven is not installed, it fetches the server's jars; apt-get install maven`;
  return undefined;
}

/** Returns the cached server, or assembles it first. Any number of processes may call this at the same time. */
export async function assemble(server: Server): Promise<Installation> {
  const lack = missing(server);
  if (lack) throw new Error(lack);
  const jdk = findJdk(...recipeOf(server).java) as string;
  const home = homeOf(server);
  if (!existsSync(home)) await build(server, jdk, home);
  return { home, java: join(jdk, "bin/java") };
}

/**
 * Builds in a temporary directory next to the final place and renames it when complete, so that no process sees half a server.
 */
async function build(server: Server, jdk: string, home: string): Promise<void> {
  const { name, version, poms, launcher, java, modules } = recipeOf(server);
  await mkdir(dirname(home), { recursive: true });
  const draft = await mkdtemp(`${home}.`);
  try {
    for (const pom of poms) {
      const properties = [`-Dserver=${version}`, `-Dhome=${draft}`];
      await run("mvn", ["-B", "-q", "-f", pathOf(pom), ...properties, "generate-resources"]);
    }
    for (const module of modules) await describe(jdk, join(draft, "modules", module), module);
    const options = ["--release", String(java[0]), "-proc:none", "-cp", join(draft, "lib/*")];
    await run(join(jdk, "bin/javac"), [...options, "-d", join(draft, "classes"), pathOf(launcher)]);
    if (server === SECURED) await addSecurity(jdk, draft, version);
    await rename(draft, home).catch((error: unknown) => {
      if (!existsSync(home)) throw error;
    });
  } catch (error) {
    const { message, stdout } = error as Error & { stdout?: string };
    throw new Error(`${name} could not be assembled: ${message}\n${stdout ?? ""}`, { cause: error });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** A module's jar contains its own descriptor. Its `modulename` must be removed: the server runs from the class path. */
async function describe(jdk: string, directory: string, module: string): Promise<void> {
  const jar = (await readdir(directory)).find((name) => name.startsWith(`${module}-`)) as string;
  const inside = `META-INF/es-plugins/${module}/plugin-descriptor.properties`;
  await run(join(jdk, "bin/jar"), ["xf", jar, inside], { cwd: directory });
  const text = await readFile(join(directory, inside), "utf8");
  await writeFile(join(directory, "plugin-descriptor.properties"), text.replace(/^modulename=.*$/m, ""));
  await rm(join(directory, "META-INF"), { recursive: true });
}

function homeOf(server: Server): string {
  return join(CACHE, "elasticsearch", folderOf(server));
}

if (import.meta.main) {
  const [, , only] = process.argv;
  for (const server of SERVERS.filter((name) => only === undefined || name === only)) {
    const line = missing(server) ?? (await assemble(server)).home;
    process.stdout.write(`${line}\n`);
  }
}
