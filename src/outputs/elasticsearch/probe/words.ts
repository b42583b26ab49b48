// Explains why a connection failed in words that name the thing and the setting to check, instead of OpenSSL's or the kernel's
// words. Invariant: the system's error code stays in the sentence, so that users can search for it.

export interface Words {
  /** Half a sentence without a full stop. */
  readonly what: string;
  /** What to do; undefined: the general hint of the step applies. */
  readonly hint?: string;
}

type Row = readonly [code: RegExp, what: string, hint: string];

const ROWS: readonly Row[] = [
  [
    /Failed to establish tunnel.* 407|the proxy answers 407/,
    "the proxy asks for a user name and a password (407)",
    "write them into output.proxy: http://name:${PASSWORD}@proxy:3128",
  ],
  [
    /Failed to establish tunnel/,
    "the proxy does not connect to the host",
    "check output.proxy, and that the proxy may connect to this host and port",
  ],
  [
    /\b(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT(?:_LOCALLY)?|UNABLE_TO_VERIFY_LEAF_SIGNATURE)\b|self.signed certificate|unable to (?:get local issuer|verify the first) certificate/,
    "the server's certificate is signed by no authority that is trusted here",
    "set output.tls.ca to a PEM file with the certificate of the authority that signed it",
  ],
  [
    /\bCERT_HAS_EXPIRED\b|certificate has expired/,
    "the server's certificate has expired",
    "renew the certificate on the server, and compare the clocks of both machines",
  ],
  [
    /\bCERT_NOT_YET_VALID\b|certificate is not yet valid/,
    "the server's certificate is not valid yet",
    "compare the clocks of both machines",
  ],
  [
    /\b(?:ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH|ERR_TLS_CERT_ALTNAME_FORMAT)\b|does not match certificate's altnames/,
    "the server's certificate is for another name",
    "write a name in output.hosts that stands in the certificate",
  ],
  [
    /\bERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNEXPECTED_MESSAGE)\b|wrong version number|packet length too long/,
    "the port answers, but not in TLS",
    "write http:// in output.hosts, or the port that speaks TLS",
  ],
  [
    /CERTIFICATE_REQUIRED|certificate required/,
    "the server demands a client certificate",
    "set output.tls.cert and output.tls.key",
  ],
  [
    /ALERT_(?:UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|CERTIFICATE_EXPIRED|CERTIFICATE_REVOKED|ACCESS_DENIED)|alert (?:unknown ca|bad certificate|certificate)/,
    "the server does not accept the client certificate",
    "check output.tls.cert: its authority has to be one that the server trusts, and it may not have expired",
  ],
  [
    /HANDSHAKE_FAILURE|PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_SHARED_CIPHER|handshake failure/,
    "the server has no version or cipher of TLS that the agent speaks",
    "the server has to speak TLS 1.2 or 1.3",
  ],
  [
    /\bENOTFOUND\b|\bEAI_NODATA\b|\bEAI_NONAME\b/,
    "no such name",
    "check the name in output.hosts, and the resolver of this machine",
  ],
  [
    /\bEAI_AGAIN\b|\bEAI_FAIL\b/,
    "the resolver of this machine does not answer",
    "check /etc/resolv.conf and the name server that it names",
  ],
  [/\bECONNREFUSED\b/, "nothing listens there", "check host and port in output.hosts, and that the server is up"],
  [
    /\b(?:EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|EADDRNOTAVAIL)\b/,
    "no way leads there from this machine",
    "check the address in output.hosts, and the routes and firewalls on the way",
  ],
  [
    /\bETIMEDOUT\b|no connection within/,
    "nobody answers at this address in time",
    "check the address in output.hosts: the host is down, or a firewall drops what is sent to it",
  ],
  [
    /no answer within|does not say who it is/,
    "the server takes the connection and does not answer",
    "see the server's own log: it may be starting, or have no master",
  ],
  [
    /\bECONNRESET\b|socket hang up|\bEPIPE\b|HPE_INVALID|Parse Error/,
    "the other end closes the connection without an answer",
    "check that the port belongs to Elasticsearch, and whether it wants https:// or http://",
  ],
];

const HINT_PROXY =
  "check output.proxy, without it HTTPS_PROXY and HTTP_PROXY in the environment of the agent, and that the proxy is up";

/** The system's error code follows the words. A proxy that the message names before is named again. @returns undefined for an error that ROWS does not list */
export function inWords(message: string): Words | undefined {
  const row = ROWS.find(([code]) => code.test(message));
  if (row === undefined) return undefined;
  const [, words, remedy] = row;
  const proxy = /\bthe proxy \S+: /.exec(message)?.[0] ?? "";
  const what = proxy + words;
  const hint = proxy === "" ? remedy : HINT_PROXY;
  const code = /\b(?:E[A-Z]{2,}(?:_[A-Z]+)*|[A-Z]+(?:_[A-Z0-9]+)+)\b/.exec(message)?.[0];
  return { what: code === undefined ? what : `${what} (${code})`, hint };
}
