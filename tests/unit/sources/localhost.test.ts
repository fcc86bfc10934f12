import { expect, test } from "bun:test";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { lookupWith } from "../../../src/sources/localhost.ts";
import { makeCertificates } from "../../support/certificates.ts";

const found = (hostname: string, options: object, local?: readonly string[]) =>
  new Promise((resolve, reject) => {
    lookupWith(local)(hostname, options, (error, address) =>
      error ? reject(error) : resolve(address),
    );
  });

test("localhost has both addresses, or those that are known, and no resolver is asked", async () => {
  const [six, four] = [
    { address: "::1", family: 6 },
    { address: "127.0.0.1", family: 4 },
  ];
  expect(await found("localhost", { all: true })).toEqual([six, four]);
  expect(await found("LocalHost", { all: true }, ["::1"])).toEqual([six]);
  expect(await found("localhost", {})).toBe("127.0.0.1");
});

test("other names are looked up", async () => {
  expect(await found("127.0.0.2", { all: true })).toEqual([{ address: "127.0.0.2", family: 4 }]);
  expect(found("no-such-host.invalid", {})).rejects.toThrow("no-such-host.invalid");
});

test.each(["plaintext", "TLS"])(
  "a socket of %s finds a server at the second address",
  async (how) => {
    const certificates = makeCertificates();
    const { ca, server: own } = certificates;
    const [key, cert] = [readFileSync(own.key), readFileSync(own.cert)];
    const server = how === "TLS" ? createTlsServer({ key, cert }) : createServer();
    try {
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      const to = { host: "localhost", port, lookup: lookupWith() };
      const socket = how === "TLS" ? connectTls({ ...to, ca: readFileSync(ca.cert) }) : connect(to);
      await once(socket, how === "TLS" ? "secureConnect" : "connect");
      expect(socket.remoteAddress).toBe("127.0.0.1");
      socket.destroy();
    } finally {
      server.close();
      certificates.remove();
    }
  },
);
