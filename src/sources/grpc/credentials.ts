import { readFileSync } from "node:fs";
import { ChannelCredentials } from "@grpc/grpc-js";
import { FatalSourceError } from "../source.ts";

export interface GrpcTls {
  /** PEM file of the CA to trust instead of the system's. */
  readonly certPath?: string;
  readonly clientCertPath?: string;
  readonly clientKeyPath?: string;
}

/** @throws FatalSourceError naming the option whose file cannot be used. */
export function channelCredentials(tls: GrpcTls | undefined): ChannelCredentials {
  if (!tls) return ChannelCredentials.createInsecure();
  const ca = pem("certPath", tls.certPath);
  const cert = pem("clientCertPath", tls.clientCertPath);
  const key = pem("clientKeyPath", tls.clientKeyPath);
  if (!cert !== !key) {
    throw new FatalSourceError(
      "clientCertPath and clientKeyPath belong together: give both or neither",
    );
  }
  try {
    return ChannelCredentials.createSsl(ca, key, cert);
  } catch (error) {
    throw new FatalSourceError(`the TLS files cannot be used: ${(error as Error).message}`);
  }
}

function pem(option: string, path: string | undefined): Buffer | null {
  if (!path) return null;
  try {
    return readFileSync(path);
  } catch (error) {
    throw new FatalSourceError(`${option}: ${(error as Error).message}`);
  }
}
