/** A wrong option, variable, file or value: printed as it is, exit 1. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}
