// Real errors from Node, OpenSSL and the kernel, and their plain wording.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inWords } from "../../../../src/outputs/elasticsearch/probe/words.ts";

test("each cause has words of its own, and keeps its code", () => {
  const cases: readonly [said: string, words: RegExp][] = [
    [
      "self-signed certificate (DEPTH_ZERO_SELF_SIGNED_CERT)",
      /no authority that is trusted here \(DEPTH_ZERO_SELF_SIGNED_CERT\)/,
    ],
    [
      "unable to get local issuer certificate (UNABLE_TO_GET_ISSUER_CERT_LOCALLY); if the root CA is installed locally, try --use-system-ca",
      /no authority that is trusted here/,
    ],
    ["certificate has expired (CERT_HAS_EXPIRED)", /has expired \(CERT_HAS_EXPIRED\)/],
    ["Hostname/IP does not match certificate's altnames (ERR_TLS_CERT_ALTNAME_INVALID)", /for another name/],
    [
      "C0C7:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number: (ERR_SSL_WRONG_VERSION_NUMBER)",
      /not in TLS/,
    ],
    [
      "SSL routines:ssl3_read_bytes:tlsv13 alert certificate required (ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED)",
      /demands a client certificate/,
    ],
    [
      "SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca (ERR_SSL_TLSV1_ALERT_UNKNOWN_CA)",
      /does not accept the client certificate/,
    ],
    [
      "SSL routines:ssl3_read_bytes:tlsv1 alert protocol version (ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION)",
      /no version or cipher/,
    ],
    ["getaddrinfo ENOTFOUND es.example", /no such name \(ENOTFOUND\)/],
    ["getaddrinfo EAI_AGAIN es.example", /resolver of this machine does not answer \(EAI_AGAIN\)/],
    ["connect ECONNREFUSED 127.0.0.1:9200", /nothing listens there \(ECONNREFUSED\)/],
    ["no connection within 5 s", /nobody answers at this address in time/],
    ["socket hang up", /closes the connection without an answer/],
  ];
  for (const [said, words] of cases) {
    const found = inWords(said);
    assert.match(found?.what ?? "", words, said);
    assert.ok(found?.hint, said);
    assert.doesNotMatch(`${found?.what} ${found?.hint}`, /SSL routines|--use-system-ca/);
  }
  assert.equal(inWords("something else"), undefined);
});
