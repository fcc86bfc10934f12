/**
 * What the user calls the settings of a source that was not written as an object of `--sources`: `options` of the
 * command line by setting, or settings that can only be set in another `place`.
 */
export type SettingNames =
  | { readonly options: Readonly<Record<string, string>> }
  | { readonly place: string };

/** Those that no other word in a message looks like. */
const setting =
  "(?<![\\w/.-])(?:certPath|clientCertPath|clientKeyPath|serverName|maxMsgSize|authHeader)(?![\\w/-]|\\.\\w)";
const one = new RegExp(setting, "g");
const several = new RegExp(`${setting}(?:(?:, | and | or )(?:${setting}|headers|oauth))*`, "g");

/**
 * A message of a source about its settings, in the words of the user.
 * @param names undefined: they wrote an object of `--sources`, which has the settings under their own names
 */
export function inWordsOfUser(message: string, names: SettingNames | undefined): string {
  if (names === undefined) return message;
  if ("place" in names) return message.replace(several, (named) => `${named} of ${names.place}`);
  return message.replace(one, (name) => names.options[name] ?? name);
}
