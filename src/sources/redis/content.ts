import type { Payload } from "../source.ts";

/** What was read, before its hash is known. */
export interface RedisContent extends Pick<Payload, "document" | "format" | "origin" | "problems"> {
  /** What decides whether anything has changed, if it is not the document. */
  readonly raw?: string;
}

/** Reads the flags over one connection. */
export interface ContentReader {
  /** The command that it reads with, in lower case, for the permission that it needs. */
  readonly command: string;
  /** @throws what the connection throws; RedisError of kind `content` if the key is missing or of no use */
  read(): Promise<RedisContent>;
}
