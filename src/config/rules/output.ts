// Checks the output and the admin endpoint: credentials are complete and not sent in clear, TLS files can be read, and the
// server accepts the index names.
import { type KeyObject, X509Certificate, createPrivateKey } from "node:crypto";
import { accessSync, constants, readFileSync } from "node:fs";
import { validateHeaderName, validateHeaderValue } from "node:http";
import { indexPatternFault } from "../../outputs/elasticsearch/index-name.ts";
import { recordIndexFault } from "../../outputs/elasticsearch/record-index.ts";
import { reason } from "../yaml/layers.ts";
import type { Report } from "../faults/report.ts";
import { present } from "../faults/report.ts";
import type { Read, ReadInput } from "../schema/index.ts";
import type { Path } from "../yaml/tree.ts";

const AUTH: Path = ["output", "auth"];
const TLS: Path = ["output", "tls"];

export function outputRules(config: Read, report: Report): void {
  auth(config, report);
  tls(config, report);
  hosts(config, report);
  headers(config, report);
  admin(config, report);
  const index: Path = ["output", "index"];
  const inputs = present(config.inputs);
  if (report.sound(index)) badIndex(config.output.index, index, report);
  for (const [i, input] of inputs) {
    const path = ["inputs", i, "index"];
    if (report.sound(path) && input.index !== undefined) badIndex(input.index, path, report);
    badRecordIndex(config, i, input, report);
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

/** Set by spillway for each request; another value would make requests that no server can read. */
const OWN_HEADERS = new Set(
  (
    "accept accept-encoding connection content-encoding content-length content-type expect keep-alive te trailer " +
    "transfer-encoding upgrade"
  ).split(" "),
);

function headers(config: Read, report: Report): void {
  const path: Path = ["output", "headers"];
  const given = Object.entries(config.output.headers).filter(([name]) => report.sound([...path, name]));
  const faults = given.map(([name, value]) => headerFault(name, value)).filter((fault) => fault !== undefined);
  const [first] = faults;
  if (first === undefined) return;
  const message = faults.map((fault) => fault.message).join("; ");
  // One fault at the map: the line of the header itself has its value, which may be a secret.
  report.error(path, { code: "bad-header", point: "key", message, help: first.help });
}

/** Never with the value, which may be a secret. */
function headerFault(name: string, value: string): { readonly message: string; readonly help: string } | undefined {
  // A name that is wrong may contain the value: `"Authorization: ...": x`.
  const word = /^[^:=]*/.exec(name)?.[0] ?? "";
  const shown = `header \`${word === name ? name : `${word}…`}\``;
  if (OWN_HEADERS.has(name.toLowerCase()))
    return {
      message: `${shown} is set by spillway itself`,
      help: "remove it; `output.compression` chooses the encoding",
    };
  try {
    validateHeaderName(name);
  } catch {
    return { message: `${shown} is no name of a header`, help: "letters, digits and `-`, for example `X-Tenant`" };
  }
  try {
    validateHeaderValue(name, value);
  } catch {
    return {
      message: `the value of ${shown} has a character that no header may have`,
      help: "one line, without control characters",
    };
  }
  return undefined;
}

function auth(config: Read, report: Report): void {
  const given = config.output.auth;
  if (given === undefined || !report.sound(AUTH)) return;
  const user = given.username !== undefined || given.password !== undefined;
  const token = given.api_key !== undefined ? "api_key" : given.bearer !== undefined ? "bearer" : undefined;
  if (given.api_key !== undefined && given.bearer !== undefined) {
    const message = "`output.auth` has an `api_key` and a `bearer`";
    return report.error(AUTH, { code: "auth-both", point: "key", message, help: "keep one way" });
  }
  if (token !== undefined && user) {
    const message = `\`output.auth\` has an \`${token}\` and a \`username\` or \`password\``;
    return report.error(AUTH, { code: "auth-both", point: "key", message, help: "keep one way" });
  }
  const lacks = given.username === undefined ? "username" : "password";
  if (token === undefined && (given.username === undefined || given.password === undefined)) {
    const message = user ? `\`output.auth\` lacks \`${lacks}\`` : "`output.auth` is empty";
    const help = "`auth: { api_key: ... }`, or `auth: { username: ..., password: ... }`";
    return report.error(AUTH, { code: "auth-incomplete", point: "key", message, help });
  }
  for (const key of ["api_key", "bearer"] as const) unsendable(given[key], [...AUTH, key], report);
  inClear(config, report);
}

function unsendable(token: string | undefined, path: Path, report: Report): void {
  const fault = token === undefined ? undefined : headerFault("Authorization", token);
  if (fault === undefined) return;
  const message = `\`${path.join(".")}\` has a character that no header may have`;
  report.error(path, { code: "bad-header", point: "key", ...fault, message });
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
    const why = unreadable(file) ?? unfit(given, key, file);
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
  const { cert, key, passphrase } = given;
  const pair =
    cert !== undefined && key !== undefined && report.sound([...TLS, "cert"]) && report.sound([...TLS, "key"]);
  if (pair && !new X509Certificate(readFileSync(cert)).checkPrivateKey(privateKey(key, passphrase))) {
    const message = "`output.tls.key` is not the key of the certificate in `cert`";
    const help = "both of the same renewal: where one is written after the other, this heals by itself";
    report.error([...TLS, "key"], { code: "tls-pair", message, help });
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

/** Why the content of a file is invalid. A certificate without key, or the reverse, is a separate fault. */
function unfit(given: Read["output"]["tls"], key: "ca" | "cert" | "key", file: string): string | undefined {
  if (key === "ca") return noCertificate(file);
  if (given.cert === undefined || given.key === undefined) return undefined;
  return key === "cert" ? noCertificate(file) : noKey(file, given.passphrase);
}

function unreadable(file: string): string | undefined {
  try {
    accessSync(file, constants.R_OK);
    return undefined;
  } catch (error) {
    return reason(error);
  }
}

function privateKey(file: string, passphrase: string | undefined): KeyObject {
  return createPrivateKey({ key: readFileSync(file), ...(passphrase === undefined ? {} : { passphrase }) });
}

/** Why a file contains no private key; undefined if it does. */
function noKey(file: string, passphrase: string | undefined): string | undefined {
  try {
    privateKey(file, passphrase);
    return undefined;
  } catch {
    const wanted = readFileSync(file, "latin1").includes("ENCRYPTED") ? "that `passphrase` opens" : "in PEM form";
    return `it holds no private key ${wanted}`;
  }
}

/** Why a file contains no certificate; undefined if it does. */
function noCertificate(file: string): string | undefined {
  try {
    const blocks = readFileSync(file, "latin1").match(
      /-----BEGIN [A-Z ]*CERTIFICATE-----[^-]+-----END [A-Z ]*CERTIFICATE-----/g,
    );
    if (blocks === null) return "it holds no certificate in PEM form";
    for (const block of blocks) new X509Certificate(block);
    return undefined;
  } catch (error) {
    return `it holds a broken certificate: ${reason(error)}`;
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

/** Checks that a record cannot choose its index freely: the configuration must fix the beginning of the name. */
function badRecordIndex(config: Read, i: number, { index, format, fields }: ReadInput, report: Report): void {
  const path: Path = index === undefined ? ["output", "index"] : ["inputs", i, "index"];
  if (!report.sound(path, ["inputs", i, "format"], ["inputs", i, "fields"])) return;
  const pattern = index ?? config.output.index;
  const fault = recordIndexFault(pattern, { format, fields });
  if (fault === undefined) return;
  const message = `index \`${pattern}\` ${fault}`;
  report.error(path, { code: "bad-index", message, help: "begin it with constant text: `logs-{field:NAME}`" });
}
