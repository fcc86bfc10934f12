import type { Registry } from "./metrics/registry.ts";

/** What is measured of a source. */
export interface ObservedSource {
  readonly name: string;
  readonly provider: string;
  readonly state: string;
  /** When an attempt last succeeded, in milliseconds since 1970; undefined: never. */
  readonly lastSuccess: number | undefined;
  readonly payloadsAccepted: number;
  readonly payloadsRejected: number;
  readonly failures: number;
  /** Size of the last accepted document. */
  readonly documentBytes: number;
  /** SHA3-256 of the last accepted document in hex, if the source knows it. */
  readonly documentHash?: string | undefined;
}

const states = ["connecting", "synced", "stale", "failed", "restored"];

/** Measures sources, reading them when metrics are collected. */
export function observeSources(registry: Registry, sources: readonly ObservedSource[]): void {
  const scope = registry.scope("flagd");
  const prefix = "feature_flag.flagd.source";
  const of = ({ name, provider }: ObservedSource) => ({ source: name, provider });

  scope.observe(
    {
      name: `${prefix}.state`,
      description: "1 for the state that a flag source is in, 0 for the others.",
    },
    "gauge",
    () =>
      sources.flatMap((source) =>
        states.map((state) => ({
          attributes: { ...of(source), state },
          value: source.state === state ? 1 : 0,
        })),
      ),
  );
  scope.observe(
    {
      name: `${prefix}.last_success.timestamp`,
      description: "When a flag source was last reached and had nothing wrong, since 1970.",
      unit: "s",
    },
    "gauge",
    () =>
      sources.flatMap((source) =>
        source.lastSuccess === undefined
          ? []
          : [{ attributes: of(source), value: source.lastSuccess / 1000 }],
      ),
  );
  scope.observe(
    {
      name: `${prefix}.payloads`,
      description: "Flag documents received, by what became of them.",
      unit: "{document}",
    },
    "counter",
    () =>
      sources.flatMap((source) => [
        { attributes: { ...of(source), outcome: "accepted" }, value: source.payloadsAccepted },
        { attributes: { ...of(source), outcome: "rejected" }, value: source.payloadsRejected },
      ]),
  );
  scope.observe(
    {
      name: `${prefix}.failures`,
      description: "Failed attempts to reach a flag source.",
      unit: "{failure}",
    },
    "counter",
    () => sources.map((source) => ({ attributes: of(source), value: source.failures })),
  );
  scope.observe(
    {
      name: `${prefix}.document.size`,
      description: "Size of the flag document in use.",
      unit: "By",
    },
    "gauge",
    () => sources.map((source) => ({ attributes: of(source), value: source.documentBytes })),
  );
  scope.observe(
    {
      name: `${prefix}.document.info`,
      description: "1, with the SHA3-256 of the flag document in use.",
    },
    "gauge",
    () =>
      sources.flatMap((source) =>
        source.documentHash === undefined
          ? []
          : [{ attributes: { ...of(source), hash: source.documentHash }, value: 1 }],
      ),
  );
}
