// Where each test server comes from and what it takes to start it.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The newest version of each supported major that has all features. */
const MAJORS = ["8.19.21", "9.5.3"] as const;
/** Those that the system tests use: the newest; all of them with SPILLWAY_SERVERS=all, as in `npm run proof`. */
export const VERSIONS = MAJORS.slice(process.env["SPILLWAY_SERVERS"] === "all" ? 0 : -1);
/** Without data streams: their code for this version is in no public repository. */
export const OLDEST = "7.17.29";
/** With users, API keys and TLS. */
export const SECURED = "9.5.3 with security";
/** With data streams and an API for them. */
export const OPENSEARCH = "OpenSearch 3.8.0.0";
export const SERVERS = [OLDEST, ...MAJORS, SECURED, OPENSEARCH] as const;
export type Server = (typeof SERVERS)[number];

export interface Recipe {
  readonly name: string;
  /** Of the server's artefacts. */
  readonly version: string;
  /** Each copies jars into the server's folder. Paths are relative to this directory. */
  readonly poms: readonly string[];
  /** Has the main class. */
  readonly launcher: string;
  /** Further files that the server is made of. */
  readonly parts?: readonly string[];
  /** Versions of Java that run it: from the first to below the second. */
  readonly java: readonly [number, number];
  readonly jvm: readonly string[];
  /** Its modules, whose descriptors are inside of their jars. */
  readonly modules: readonly string[];
  /** Node settings that it needs, or that it does not take: undefined. */
  readonly settings: Readonly<Record<string, string | undefined>>;
}

const HERE = import.meta.dirname;
const NEW = { poms: ["pom.xml"], launcher: "Launcher.java", jvm: [], modules: ["transport-netty4"], settings: {} };

const RECIPES: Readonly<Record<Server, Recipe>> = {
  // It needs the security manager, which Java 24 removed.
  "7.17.29": {
    ...{ name: "Elasticsearch 7.17.29", version: "7.17.29", poms: ["pom7.xml"], launcher: "Launcher7.java" },
    ...{ java: [17, 24], jvm: ["-Djava.security.manager=allow"], modules: [], settings: {} },
  },
  "8.19.21": { ...NEW, name: "Elasticsearch 8.19.21", version: "8.19.21", java: [17, Infinity] },
  "9.5.3": { ...NEW, name: "Elasticsearch 9.5.3", version: "9.5.3", java: [21, Infinity] },
  "9.5.3 with security": {
    ...{ ...NEW, name: "Elasticsearch 9.5.3 with security", version: "9.5.3", java: [21, Infinity] },
    poms: ["pom.xml", "secured/pom.xml"],
    parts: ["secured/add.ts", "secured/Analysis.java"],
    modules: ["transport-netty4", "x-pack-core", "x-pack-security"],
    settings: {
      "xpack.security.enabled": "true",
      "xpack.security.transport.ssl.enabled": "false",
      "xpack.security.http.ssl.enabled": "true",
      "xpack.security.http.ssl.key": "http.key",
      "xpack.security.http.ssl.certificate": "http.pem",
      "xpack.license.self_generated.type": "basic",
    },
  },
  "OpenSearch 3.8.0.0": {
    ...{ name: "OpenSearch 3.8.0.0", version: "3.8.0.0", poms: ["opensearch/pom.xml"] },
    ...{ launcher: "opensearch/Launcher.java", java: [21, Infinity], jvm: [], modules: [] },
    // The launcher's library sets them itself, as for a cluster.
    settings: { "discovery.type": undefined, "indices.breaker.total.use_real_memory": undefined },
  },
};

export function recipeOf(server: Server): Recipe {
  return RECIPES[server];
}

/** A name for the server's folder. It includes a hash of the recipe, so that a changed recipe builds a new server. */
export function folderOf(server: Server): string {
  const { poms, launcher, parts = [] } = RECIPES[server];
  const hash = createHash("sha1");
  for (const file of [...poms, launcher, ...parts]) hash.update(readFileSync(pathOf(file)));
  return `${server.replaceAll(" ", "-")}-${hash.digest("hex").slice(0, 8)}`;
}

/** The path of a file that a recipe names. */
export function pathOf(file: string): string {
  return join(HERE, file);
}
