// Rules over the output and the admin endpoint: credentials are whole and go where they should, TLS files can be read,
// index names are such that the server takes them.
import { accessSync, constants } from "node:fs";
import { indexPatternFault } from "../../outputs/elasticsearch/index-name.ts";
import { reason } from "../layers.ts";
import type { Report } from "../report.ts";
import { present } from "../report.ts";
import type { Read } from "../schema/index.ts";
import type { Path } from "../tree.ts";

const AUTH: Path = ["output", "auth"];
const TLS: Path = ["output", "tls"];

export function outputRules(config: Read, report: Report): void {
  auth(config, report);
  tls(config, report);
  hosts(config, report);
  admin(config, report);
  const index: Path = ["output", "index"];
  const inputs = present(config.inputs);
  if (report.sound(index)) badIndex(config.output.index, index, report);
  for (const [i, input] of inputs) {
    const path = ["inputs", i, "index"];
    if (report.sound(path) && input.index !== undefined) badIndex(input.index, path, report);
  }
}

function hosts(config: Read, report: Report): void {
  const path: Path = ["output", "hosts"];
  if (!report.sound(path) || config.output.hosts.length > 0) return;
  report.error(path, {
    code: "missing-key",
    message: "`output.hosts` is empty",
    help: '`hosts: ["http://127.0.0.1:9200"]`',
  });
}

function auth(config: Read, report: Report): void {
  const given = config.output.auth;
  if (given === undefined || !report.sound(AUTH)) return;
  const user = given.username !== undefined || given.password !== undefined;
  if (given.api_key !== undefined && user) {
    const message = "`output.auth` has an `api_key` and a `username` or `password`";
    return report.error(AUTH, { code: "auth-both", point: "key", message, help: "keep one way" });
  }
  const lacks = given.username === undefined ? "username" : "password";
  if (given.api_key === undefined && (given.username === undefined || given.password === undefined)) {
    const message = user ? `\`output.auth\` lacks \`${lacks}\`` : "`output.auth` is empty";
    const help = "`auth: { api_key: ... }`, or `auth: { username: ..., password: ... }`";
    return report.error(AUTH, { code: "auth-incomplete", point: "key", message, help });
  }
  inClear(config, report);
}

function inClear(config: Read, report: Report): void {
  for (const [i, host] of present(config.output.hosts)) {
    const path = ["output", "hosts", i];
    if (!report.sound(path) || !host.startsWith("http:") || isLoopback(new URL(host).hostname)) continue;
    report.warning(path, {
      code: "auth-in-clear",
      message: "credentials go to this host over plain HTTP, readable on the way",
      help: "`https://`, with `output.tls.ca` where the authority is your own",
    });
  }
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
}

function tls(config: Read, report: Report): void {
  const given = config.output.tls;
  for (const key of ["ca", "cert", "key"] as const) {
    const path = [...TLS, key];
    const file = given[key];
    if (file === undefined || !report.sound(path)) continue;
    const why = unreadable(file);
    if (why === undefined) continue;
    const help = "the file must be readable for the user that spillway runs as";
    report.error(path, { code: "unreadable-file", message: `could not read \`${file}\`: ${why}`, help });
  }
  if (report.reached(TLS) && (given.cert === undefined) !== (given.key === undefined)) {
    const [has, lacks] = given.cert === undefined ? ["key", "cert"] : ["cert", "key"];
    const message = `\`output.tls.${has}\` stands without \`${lacks}\``;
    report.error([...TLS, has], {
      code: "tls-pair",
      point: "key",
      message,
      help: `\`${lacks}: /path\`, or remove \`${has}\``,
    });
  }
  if (report.sound([...TLS, "verify"]) && !given.verify) {
    const message = "the server's certificate is not checked: anybody on the way can read and answer";
    report.warning([...TLS, "verify"], {
      code: "tls-not-verified",
      message,
      help: "`ca: /path` of the authority that signed it",
    });
  }
}

function unreadable(file: string): string | undefined {
  try {
    accessSync(file, constants.R_OK);
    return undefined;
  } catch (error) {
    return reason(error);
  }
}

function admin(config: Read, report: Report): void {
  const path: Path = ["admin", "listen"];
  const listen = config.admin.listen;
  if (!report.sound(path) || listen === "off" || !("host" in listen) || isLoopback(listen.host)) return;
  report.warning(path, {
    code: "admin-not-loopback",
    message: "the admin endpoint listens where other hosts reach it; it is read-only and asks for no password",
    help: "`127.0.0.1:9650`, or `unix:/run/spillway/admin.sock`, or a firewall that lets in who may see it",
  });
}

function badIndex(pattern: string, path: Path, report: Report): void {
  const fault = indexPatternFault(pattern);
  if (fault === undefined) return;
  const help = "lower-case letters, digits, `- _ .`, and {input}, {field:NAME}, {date:yyyy.MM.dd}";
  report.error(path, { code: "bad-index", message: `index \`${pattern}\` ${fault}`, help });
}
