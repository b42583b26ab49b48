// The version of spillway, read from package.json, which is two levels up both in a checkout and in dist/.
import { readFileSync } from "node:fs";

const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
export const version: string = (JSON.parse(text) as { version: string }).version;
