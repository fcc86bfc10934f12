/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The same without white space around the values: a secret that was made with `echo` ends with a line break. */
export function trimmed(environment: Environment): Environment {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, value?.trim()]),
  );
}
