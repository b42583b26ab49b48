// Completes the modules of a server with security: removes jars that are there twice, and adds two small ones of our own in place
// of parts that are in no public repository.
import { execFile } from "node:child_process";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

/** Types of a library for SAML that the security module mentions and, without SAML, never uses. */
const MENTIONED = [
  "org.opensaml.core.xml.XMLObject",
  "org.opensaml.saml.saml2.core.RequestAbstractType",
  "org.opensaml.saml.saml2.core.StatusResponseType",
];
const ANALYSIS = join(import.meta.dirname, "Analysis.java");
const run = promisify(execFile);

/** @param home the server's folder, with lib/ and modules/ */
export async function addSecurity(jdk: string, home: string, version: string): Promise<void> {
  const [core, security] = [join(home, "modules/x-pack-core"), join(home, "modules/x-pack-security")];
  const elsewhere = new Set([...(await readdir(join(home, "lib"))), ...(await readdir(core))]);
  for (const name of await readdir(security))
    if (name.endsWith(".jar") && elsewhere.has(name)) await rm(join(security, name));

  await pack(jdk, join(security, "saml-stubs.jar"), await stubs(join(home, "stubs")));
  await rm(join(home, "stubs"), { recursive: true });

  const analysis = join(home, "modules/analysis");
  await mkdir(analysis);
  await pack(jdk, join(analysis, "analysis.jar"), [ANALYSIS], join(home, "lib/*"));
  const facts = { name: "analysis", version, description: "for tests", classname: "Analysis", "java.version": "21" };
  const lines = Object.entries({ ...facts, "elasticsearch.version": version }).map(
    ([key, value]) => `${key}=${value}\n`,
  );
  await writeFile(join(analysis, "plugin-descriptor.properties"), lines.join(""));
}

/** Writes an empty interface for each type. @returns the paths */
async function stubs(directory: string): Promise<string[]> {
  const paths: string[] = [];
  for (const type of MENTIONED) {
    const path = join(directory, `${type.replaceAll(".", "/")}.java`);
    const dot = type.lastIndexOf(".");
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `package ${type.slice(0, dot)};\npublic interface ${type.slice(dot + 1)} {}\n`);
    paths.push(path);
  }
  return paths;
}

/** Compiles Java sources into a jar. */
async function pack(jdk: string, jar: string, sources: readonly string[], classPath = "."): Promise<void> {
  const classes = `${jar}.classes`;
  await run(join(jdk, "bin/javac"), ["--release", "21", "-proc:none", "-cp", classPath, "-d", classes, ...sources]);
  await run(join(jdk, "bin/jar"), ["cf", jar, "-C", classes, "."]);
  await rm(classes, { recursive: true });
}
