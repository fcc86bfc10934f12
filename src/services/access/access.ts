import type { IncomingHttpHeaders } from "node:http";
import { Code, RpcError } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import { RateLimit } from "../../core/rate-limit.ts";
import type { NumberSeries } from "../../telemetry/metrics/instrument.ts";
import type { Registry } from "../../telemetry/metrics/registry.ts";
import { confinedHeader, type Guard } from "../../transport/guard.ts";
import type { Surface, Token, TokenTable } from "./token-table.ts";

/** `Bearer` in any case, and a token of visible characters (RFC 6750 §2.1). */
const bearer = /^bearer +[\x21-\x7e]{1,1024}$/i;
const apiKey = /^[\x21-\x7e]{1,1024}$/;

/** The token of a request: `Authorization: Bearer …`, or `X-API-Key`; undefined: it has none that could be one. */
export function credentialOf(headers: IncomingHttpHeaders): string | undefined {
  const { authorization, "x-api-key": key } = headers;
  if (authorization !== undefined && bearer.test(authorization)) {
    return authorization.slice(authorization.lastIndexOf(" ") + 1);
  }
  return typeof key === "string" && apiKey.test(key) ? key : undefined;
}

const rate = { burst: 20, perSecond: 1 };
const maxAddresses = 10_000;

/** How often each address has failed of late. The oldest addresses are forgotten if there are too many. */
export class FailedTries {
  readonly #limits = new Map<string, RateLimit>();

  /** @param now in milliseconds. @returns False: the address has failed too often. */
  take(address: string, now: number): boolean {
    let limit = this.#limits.get(address);
    if (limit === undefined) {
      limit = new RateLimit(rate);
      const [oldest] = this.#limits.keys();
      if (oldest !== undefined && this.#limits.size >= maxAddresses) this.#limits.delete(oldest);
      this.#limits.set(address, limit);
    }
    return limit.take(now);
  }

  get size(): number {
    return this.#limits.size;
  }
}

/** Answered to everybody: what probes ask. */
const open: ReadonlySet<string> = new Set([
  "/grpc.health.v1.Health/Check",
  "/grpc.health.v1.Health/Watch",
]);

const challenge = new Headers({ "www-authenticate": "Bearer" });
const noToken = new RpcError(
  "a token is required: send Authorization: Bearer TOKEN, or X-API-Key: TOKEN",
  Code.Unauthenticated,
  challenge,
);
const wrongToken = new RpcError("the token is not known", Code.Unauthenticated, challenge);
const withdrawn = new RpcError("the token is no longer valid", Code.Unauthenticated, challenge);
const tooMany = new RpcError(
  "too many failed tries: wait a while",
  Code.ResourceExhausted,
  // Seconds until another try is allowed, as OFREP's clients expect it.
  new Headers({ "retry-after": `${Math.ceil(1 / rate.perSecond)}` }),
);

type Outcome = "allowed" | "denied" | "unauthenticated" | "limited";

/** What a guard has decided about those who have a token. */
interface Decision {
  readonly table: TokenTable;
  readonly token: Token;
  readonly count: NumberSeries;
}

/**
 * Headers with a guard's decision about them, under a symbol of its own: a WeakMap entry for each of them costs as
 * much as an evaluation.
 */
interface Decided {
  [guard: symbol]: Decision | undefined;
}

interface Held {
  readonly token: Token;
  readonly end: (reason: RpcError) => void;
}

export interface AccessOptions {
  readonly tokens: TokenTable;
  readonly registry: Registry;
  readonly log: Log;
  /** Milliseconds. */
  readonly now?: () => number;
}

/** Who may ask for what, by the tokens of a file. */
export class Access {
  #tokens: TokenTable;
  readonly #log: Log;
  readonly #now: () => number;
  readonly #tries = new FailedTries();
  readonly #logged = new RateLimit({ burst: 10, perSecond: 0.1 });
  readonly #held = new Set<Held>();
  readonly #count: (client: string, surface: Surface, outcome: Outcome) => NumberSeries;

  constructor({ tokens, registry, log, now = () => performance.now() }: AccessOptions) {
    this.#tokens = tokens;
    this.#log = log;
    this.#now = now;
    const counter = registry.scope("flagd").counter({
      name: "feature_flag.flagd.access.requests",
      description: "Requests whose token was checked, by the token's name.",
      unit: "{request}",
    });
    this.#count = (client, surface, outcome) => counter.series({ client, surface, outcome });
  }

  /** From now on these count. What was begun with a token that is gone is ended. */
  replace(tokens: TokenTable): void {
    this.#tokens = tokens;
    for (const held of this.#held) {
      if (tokens.has(held.token)) continue;
      this.#held.delete(held);
      held.end(withdrawn);
    }
  }

  /** The guard of a port. */
  guard(surface: Surface): Guard {
    const decided = Symbol(surface);
    const decisions = new WeakMap<Token, Decision>();
    const messages = new WeakMap<Token, RpcError>();
    const decisionOf = (token: Token): Decision => {
      let decision = decisions.get(token);
      if (decision === undefined) {
        const count = this.#count(token.name, surface, "allowed");
        decision = { table: this.#tokens, token, count };
        decisions.set(token, decision);
      }
      return decision;
    };
    const denied = (token: Token): RpcError => {
      const error =
        messages.get(token) ??
        new RpcError(`the token ${token.name} is not for ${surface}`, Code.PermissionDenied);
      messages.set(token, error);
      return error;
    };
    const admits: Guard["admits"] = (path, headers) => {
      const known = (headers as unknown as Decided)[decided];
      if (known?.table === this.#tokens) {
        known.count.value++;
        return true;
      }
      if (open.has(path)) return true;
      const token = this.#tokenOf(headers);
      if (!token?.surfaces.has(surface)) return false;
      if (token.selector === undefined) delete headers[confinedHeader];
      else headers[confinedHeader] = token.selector;
      const decision = decisionOf(token);
      decision.count.value++;
      (headers as unknown as Decided)[decided] = decision;
      return true;
    };
    return {
      admits,
      refusal: (path, headers, peer) => {
        if (admits(path, headers)) return undefined;
        const token = this.#tokenOf(headers);
        if (token === undefined) {
          const none = credentialOf(headers) === undefined;
          return this.#failed(surface, peer(), none ? noToken : wrongToken);
        }
        this.#count(token.name, surface, "denied").value++;
        this.#say("a token was used for what it is not for", { client: token.name, surface });
        return denied(token);
      },
      hold: (headers, end) => {
        const token = (headers as unknown as Decided)[decided]?.token;
        if (token === undefined) return () => {};
        const held: Held = { token, end };
        this.#held.add(held);
        return () => this.#held.delete(held);
      },
    };
  }

  #tokenOf(headers: IncomingHttpHeaders): Token | undefined {
    const credential = credentialOf(headers);
    return credential === undefined ? undefined : this.#tokens.find(credential);
  }

  #failed(surface: Surface, address: string | undefined, error: RpcError): RpcError {
    const limited = !this.#tries.take(address ?? "socket", this.#now());
    this.#count("", surface, limited ? "limited" : "unauthenticated").value++;
    this.#say("a request without a valid token was refused", {
      surface,
      address: address ?? "socket",
    });
    return limited ? tooMany : error;
  }

  #say(message: string, fields: Record<string, string>): void {
    if (this.#logged.take(this.#now())) this.#log.warn(message, fields);
  }
}
