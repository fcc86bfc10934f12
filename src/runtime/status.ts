import { readFile } from "node:fs/promises";
import type { ServerTls } from "../core/tls/tls-material.ts";
import {
  describeStatus,
  type ListenerStatus,
  type StatusDocument,
  type StatusParts,
} from "../services/management/status.ts";
import type { Collection } from "../telemetry/metrics/registry.ts";
import type { ListenAddress } from "../transport/listener.ts";
import { showListenAddress } from "./addresses.ts";
import type { FlagPipeline } from "./flag-pipeline.ts";

/** A bound listener. */
export interface BoundListener {
  readonly name: string;
  readonly address: ListenAddress;
  readonly tls?: ServerTls | undefined;
}

/** What answers `/status`, once it is called with what is known only after binding. */
export function createStatus(parts: {
  readonly command: StatusParts["command"];
  readonly threads: number;
  readonly pipeline: FlagPipeline;
  /** Of all threads. */
  readonly collect: () => Promise<Collection>;
  /** Called at each request: ports are bound after this. */
  readonly listeners: () => readonly BoundListener[];
  readonly confidential: boolean;
}): () => Promise<StatusDocument> {
  const { pipeline, collect, listeners, ...facts } = parts;
  const startedAt = Date.now();
  return async () => {
    const [metrics, bound] = await Promise.all([
      collect(),
      Promise.all(listeners().map(statusOfListener)),
    ]);
    return describeStatus({
      ...facts,
      state: pipeline.readiness.state,
      sources: pipeline.statuses,
      sizes: (source) => pipeline.store.sizes(source),
      listeners: bound,
      metrics,
      changes: pipeline.history.changes,
      startedAt,
      now: Date.now(),
    });
  };
}

async function statusOfListener({ name, address, tls }: BoundListener): Promise<ListenerStatus> {
  const plain = { name, address: showListenAddress(address) };
  if (tls === undefined) return plain;
  const clientCertificates = tls.clientCaPath === undefined ? "none" : "required";
  return { ...plain, tls: { clientCertificates, certificates: await certificatesOf(tls) } };
}

const pemCertificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

async function certificatesOf({ certPath }: ServerTls) {
  try {
    const pem = await readFile(certPath, "utf8");
    return Array.from(pem.matchAll(pemCertificate), ([text]) => {
      const { X509Certificate } = process.getBuiltinModule("node:crypto");
      const { subject, validTo } = new X509Certificate(text);
      return { subject: subject ?? "", expires: new Date(validTo).toISOString() };
    });
  } catch {
    return [];
  }
}
