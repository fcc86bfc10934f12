import { managementPathItems, managementSchemas } from "../services/management/management-api.ts";
import { ofrepPathItems, ofrepSchemas } from "../services/ofrep/ofrep-api.ts";
import { type DescribedService, openApiDocument, reference, string } from "../services/openapi.ts";

/** The OpenAPI document of what a daemon serves over plain HTTP. */
export function describeApi(daemon: {
  /** Clients need a token. */
  readonly guarded: boolean;
  /** Undefined: it has none. */
  readonly ofrep?: {
    /** It has event streams. */
    readonly events: boolean;
    /** Undefined: it shares the port of the document. */
    readonly port: number | undefined;
  };
}): object {
  const { guarded, ofrep } = daemon;
  const services: DescribedService[] = [
    {
      paths: managementPathItems,
      schemas: managementSchemas,
      guarded,
      refusal: { "text/plain": { schema: string } },
    },
  ];
  if (ofrep) {
    services.unshift({
      paths: ofrepPathItems(ofrep.events),
      schemas: ofrepSchemas,
      guarded,
      refusal: { "application/json": { schema: reference("Failure") } },
      port: ofrep.port,
    });
  }
  return openApiDocument(services);
}
