// The version of the package, read from the file that has it: in a checkout and in dist/ it lies two levels up.
import { readFileSync } from "node:fs";

const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
export const version: string = (JSON.parse(text) as { version: string }).version;
