import { expect, test } from "bun:test";
import { tlsProblem } from "../../../../src/core/tls/tls-problems.ts";

test.each([
  ["CERT_HAS_EXPIRED", "server's certificate has expired"],
  [
    "No connection established. Last error: certificate has expired",
    "server's certificate has expired",
  ],
  ["CERT_NOT_YET_VALID certificate is not yet valid", "not valid yet"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "for another host name"],
  ["Hostname/IP does not match certificate's altnames", "for another host name"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "not signed by a trusted CA"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT self-signed certificate", "not signed by a trusted CA"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "not signed by a trusted CA"],
  ["unable to get local issuer certificate", "not signed by a trusted CA"],
  ["EPROTO TLSV13_ALERT_CERTIFICATE_REQUIRED", "requires a client certificate"],
  ["SSLV3_ALERT_HANDSHAKE_FAILURE", "requires a client certificate"],
  ["tlsv1 alert unknown ca", "rejected the client certificate"],
  ["SSLV3_ALERT_BAD_CERTIFICATE", "rejected the client certificate"],
  ["SSLV3_ALERT_CERTIFICATE_UNKNOWN", "rejected the client certificate"],
  ["SSLV3_ALERT_CERTIFICATE_EXPIRED", "rejected the client certificate, which has expired"],
  ["EPROTO WRONG_VERSION_NUMBER", "does not speak TLS on this port"],
])("%s: %s", (text, expected) => {
  expect(tlsProblem(text)).toContain(expected);
});

test("what is not about TLS is left to others", () => {
  expect(tlsProblem("ECONNREFUSED connect ECONNREFUSED 127.0.0.1:1")).toBeUndefined();
  expect(tlsProblem("ERR unable to get the lock")).toBeUndefined();
});

test("only sources that have serverName suggest it", () => {
  const said = "ERR_TLS_CERT_ALTNAME_INVALID";
  expect(tlsProblem(said, { serverName: true })).toEndWith(", or set serverName");
  expect(tlsProblem(said)).not.toContain("serverName");
});
