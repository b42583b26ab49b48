// Output options as the configuration makes them by default, with the changes that a test needs.
import type { OutputOptions } from "../../src/core/options.ts";

export function outputOptions(different: Partial<OutputOptions> = {}): OutputOptions {
  return {
    type: "elasticsearch",
    hosts: ["http://127.0.0.1:9200"],
    index: "logs-test-default",
    operation: "create",
    ids: "offset",
    auth: undefined,
    tls: { ca: undefined, cert: undefined, key: undefined, passphrase: undefined, verify: true },
    headers: {},
    proxy: { url: undefined, env: {} },
    pipeline: undefined,
    requireDataStream: false,
    compression: "none",
    batch: { bytes: 5 << 20, records: 20_000, age: 1000 },
    concurrency: "auto",
    rate: 0,
    order: "oldest",
    connectTimeout: 5000,
    timeout: 10_000,
    deadLetters: 64 << 20,
    tags: [],
    ...different,
  };
}
