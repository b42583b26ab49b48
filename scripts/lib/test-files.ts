// Lists the files that `npm test` runs.
import { readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";

/** Every test/**\/*.test.ts below a directory, as paths relative to it, with slashes. */
export function testFiles(root: string): string[] {
  return readdirSync(join(root, "test"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".test.ts"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .filter((file) => !file.startsWith("test/fixtures/"))
    .sort();
}
