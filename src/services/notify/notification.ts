/** What `--notify-url` is told of a change, and how that is signed: https://www.standardwebhooks.com, version 1. */
import { createHmac, randomUUID } from "node:crypto";
import { ConfigError } from "../../core/errors.ts";
import type { ChangeRecord } from "../../store/history.ts";

/** One change of flags, ready to be sent. */
export interface Notification {
  /** The same in every try. */
  readonly id: string;
  readonly body: string;
}

/** Characters of a body's changes; further ones are counted. */
const maxLength = 256 << 10;

/** Names what changed, not what it was and is: rules name people. */
export function notificationOf(record: ChangeRecord): Notification {
  const listed: string[] = [];
  let length = 0;
  for (const { flag, flagSetId, kind } of record.changes) {
    const text = JSON.stringify({ flag, flagSetId, kind });
    length += text.length;
    if (length > maxLength) break;
    listed.push(text);
  }
  const data = { source: record.source, more: record.total - listed.length };
  const head = { type: "flags.changed", timestamp: new Date(record.time).toISOString() };
  const members = JSON.stringify(data).slice(1);
  const body = `${JSON.stringify(head).slice(0, -1)},"data":{"changes":[${listed.join(",")}],${members}}`;
  return { id: `msg_${randomUUID().replaceAll("-", "")}`, body };
}

/** Keys of HMAC, of which the receiver has one. */
export type Secrets = readonly [Buffer, ...Buffer[]];

const minBytes = 16;

/**
 * Reads secrets, one a word: the receiver can change from one to the next while both sign.
 * @param name of the option, for errors, which do not show the secret
 * @throws ConfigError
 */
export function parseSecrets(text: string, name: string): Secrets {
  const keys = text
    .split(/\s+/)
    .filter((word) => word !== "")
    .map((word) => {
      const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(word)?.[1];
      return encoded === undefined ? Buffer.from(word) : Buffer.from(encoded, "base64");
    });
  const [first, ...others] = keys;
  if (!first) throw new ConfigError(`${name} holds no secret`);
  if (keys.some((key) => key.length < minBytes)) {
    throw new ConfigError(
      `${name}: a secret has to have at least ${minBytes} bytes (make one with: echo "whsec_$(openssl rand -base64 32)")`,
    );
  }
  return [first, ...others];
}

/**
 * The headers by which the receiver knows the sender, and a replay.
 * @param now milliseconds since 1970
 */
export function signatureHeaders(
  { id, body }: Notification,
  secrets: Secrets,
  now: number,
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(now / 1000));
  const signatures = secrets.map((key) => {
    const hmac = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`);
    return `v1,${hmac.digest("base64")}`;
  });
  return {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": signatures.join(" "),
  };
}
