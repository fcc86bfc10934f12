import { readFileSync } from "node:fs";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import { ChannelCredentials } from "@grpc/grpc-js";
import type { ClientTls } from "../../config/sources/source-config.ts";
import { systemAuthorities } from "../../core/tls/authorities.ts";
import { FatalSourceError } from "../source.ts";

/** The contents of the files, as `node:tls` takes them. */
export interface GrpcTls {
  readonly ca: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** @throws FatalSourceError naming the option whose file cannot be read. */
export function readGrpcTls({ certPath, clientCertPath, clientKeyPath }: ClientTls): GrpcTls {
  return {
    ca: certPath ? read("certPath", certPath) : Buffer.from(systemAuthorities().join("\n")),
    ...(clientCertPath && { cert: read("clientCertPath", clientCertPath) }),
    ...(clientKeyPath && { key: read("clientKeyPath", clientKeyPath) }),
  };
}

/**
 * @param address of a server that is called by its IP address and not by a name
 * @throws FatalSourceError where there is something wrong with the contents
 */
export function channelCredentials(
  files: GrpcTls | undefined,
  address: string | undefined,
): ChannelCredentials {
  if (!files) return ChannelCredentials.createInsecure();
  const { ca, key = null, cert = null } = files;
  const verify = address && {
    checkServerIdentity: (_: string, of: PeerCertificate) => checkServerIdentity(address, of),
  };
  try {
    return ChannelCredentials.createSsl(ca, key, cert, verify || {});
  } catch (error) {
    throw new FatalSourceError(
      `the TLS files cannot be used (${(error as Error).message}); certPath must be PEM certificates of ` +
        "CAs, clientKeyPath the PEM key of clientCertPath",
    );
  }
}

function read(option: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new FatalSourceError(`${option}: ${(error as Error).message}`);
  }
}
