// Output keys of other agents, with the names of the corresponding keys here. A user who brings a configuration along is told
// the right name instead of just "unknown key".

const OUTPUT: Readonly<Record<string, string>> = {
  ssl: "it is `tls` here, with `ca`, `cert`, `key` and `verify`",
  ca_file: "it is `tls.ca` here",
  ilm: "it belongs to the index template on the server; spillway only writes",
  workers: "it is `concurrency` here, and adapts by itself",
  worker: "it is `concurrency` here, and adapts by itself",
  bulk_max_size: "it is `batch.records` here",
  bulk_max_bytes: "it is `batch.bytes` here",
  flush_bytes: "it is `batch.bytes` here",
  flush_interval: "it is `batch.age` here",
  compression_level: "it is `compression` here: `gzip` or `none`",
  endpoint: "it is `hosts` here, a list of URLs",
  endpoints: "it is `hosts` here, a list of URLs",
  http_user: "it is `auth.username` here",
  http_passwd: "it is `auth.password` here",
  max_retries: "there is none: what is not taken waits in the buffer and is sent again",
  retry_limit: "there is none: what is not taken waits in the buffer and is sent again",
  loadbalance: "there is none: `hosts` take turns, and one that fails is passed over",
  data_stream: "it is `index` here, with the name of the data stream",
  template: "it belongs to the server; spillway only writes",
  protocol: "it is part of `hosts` here: `https://NAME:PORT`",
  port: "it is part of `hosts` here: `https://NAME:PORT`",
  path: "it is part of `hosts` here: `https://NAME:PORT/PREFIX`",
  parameters: "there is none; `pipeline` and `require_data_stream` are keys of `output` here",
  proxy_url: "it is `proxy` here",
  bulk: "its parts are `index`, `operation` and `pipeline` of `output` here",
  logstash_format: "it is `index` here, with a date in its name: `logs-{date:yyyy.MM.dd}`",
  logstash_prefix: "it is `index` here, with a date in its name: `logs-{date:yyyy.MM.dd}`",
  "tls.certificate_authorities": "it is `ca` here, one file",
  "tls.ca_file": "it is `ca` here",
  "tls.ca_path": "it is `ca` here, one file",
  "tls.certificate": "it is `cert` here",
  "tls.crt_file": "it is `cert` here",
  "tls.cert_file": "it is `cert` here",
  "tls.key_file": "it is `key` here",
  "tls.key_pass": "it is `passphrase` here",
  "tls.key_passphrase": "it is `passphrase` here",
  "tls.verification_mode": "it is `verify` here: true or false",
  "tls.verify_certificate": "it is `verify` here: true or false",
  "tls.insecure_skip_verify": "it is `verify: false` here",
};

/** Says which key here corresponds to another agent's. @param path path of the unknown key, for example output.ssl */
export function foreignKey(path: string): string | undefined {
  const key = path.toLowerCase();
  const own = key.startsWith("output.") ? key.slice("output.".length) : "";
  return Object.hasOwn(OUTPUT, own) ? OUTPUT[own] : undefined;
}
