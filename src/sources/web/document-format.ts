import { extname } from "node:path";
import type { DocumentFormat } from "../../flags/model.ts";
import { SourceError } from "../source-error.ts";

const jsonName = /(^\.|\/(x-)?|\+)json$/;
const yamlName = /(^\.|\/(x-)?|\+)ya?ml$/;

/**
 * Whether a document is JSON or YAML: by the extension of its path, where that says so, else by its
 * media type, parameters ignored.
 * @throws SourceError where neither says so
 */
export function formatOf(path: string, contentType: string | null): DocumentFormat {
  const extension = extname(path).toLowerCase();
  const media = (contentType ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  for (const name of [extension, media]) {
    if (jsonName.test(name)) return "json";
    if (yamlName.test(name)) return "yaml";
  }
  if (!extension && !media) {
    throw new SourceError(
      "unable to determine file format: the path has no extension and the response has no Content-Type",
    );
  }
  throw new SourceError(
    `unsupported file format: '${(media || extension).slice(0, 80)}'; expected .json, .yaml or .yml, ` +
      "or a Content-Type of application/json or application/yaml",
  );
}
