// Generates the SBOM of a bundle in CycloneDX 1.5: every package that has a file in the bundle, with version, licence and the
// checksum from the lock file. It contains no times and no random numbers, so the same bundle gives the same SBOM.
import { readFileSync } from "node:fs";
import { join } from "node:path";

interface Component {
  readonly type: "library" | "application";
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly licenses: readonly unknown[];
  readonly hashes?: readonly { readonly alg: "SHA-512"; readonly content: string }[];
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

/** @param files files in the bundle, relative to the checkout @param more further packages that are part of it */
export function sbom(root: string, files: readonly string[], more: readonly string[]): string {
  // The path of the innermost package, from the outermost node_modules on, as in the lock file.
  const found = files.map(
    (file) => /(?<!node_modules\/.*)node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+/.exec(file)?.[0],
  );
  const folders = found.filter((folder) => folder !== undefined);
  const all = [...new Set([...folders, ...more.map((name) => `node_modules/${name}`)])].sort();
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Readonly<Record<string, { readonly integrity?: string } | undefined>>;
  };
  const own = manifest(join(root, "package.json"));
  const components = all.map((folder) =>
    component(manifest(join(root, folder, "package.json")), lock.packages[folder]?.integrity),
  );
  const document = {
    $schema: "http://cyclonedx.org/schema/bom-1.5.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: { component: { ...component(own, undefined), type: "application" } },
    components,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function manifest(file: string): Manifest {
  return JSON.parse(readFileSync(file, "utf8")) as Manifest;
}

function component({ name, version, license }: Manifest, integrity: string | undefined): Component {
  const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
  const base64 = /^sha512-(.+)$/.exec(integrity ?? "")?.[1];
  const hashes =
    base64 === undefined ? [] : [{ alg: "SHA-512" as const, content: Buffer.from(base64, "base64").toString("hex") }];
  const licenses = license === undefined ? [] : [{ expression: license }];
  return { type: "library", name, version, purl, licenses, ...(hashes.length > 0 ? { hashes } : {}) };
}
