// The options of an output as the configuration would make them, with whatever a test needs to be different.
import type { OutputOptions } from "../../src/core/options.ts";

export function outputOptions(different: Partial<OutputOptions> = {}): OutputOptions {
  return {
    type: "elasticsearch",
    hosts: ["http://127.0.0.1:9200"],
    index: "logs-test-default",
    operation: "create",
    ids: "offset",
    auth: undefined,
    tls: { ca: undefined, cert: undefined, key: undefined, verify: true },
    compression: "none",
    batch: { bytes: 5 << 20, records: 20_000, age: 1000 },
    concurrency: "auto",
    rate: 0,
    order: "oldest",
    timeout: 10_000,
    deadLetters: 64 << 20,
    ...different,
  };
}
