import { createContextKey } from "@connectrpc/connect";

/** What the client is confined to, which handlers do not find among the headers. */
export const confinedKey = createContextKey<string | undefined>(undefined);
