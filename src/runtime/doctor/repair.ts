import type { Address } from "../../config/serving.ts";

/** What has failed, as far as a command against it depends on it. */
export type Ailment =
  | {
      readonly what: "source";
      readonly provider: string;
      /** Without what may be secret. */
      readonly subject: string;
      /** As it was given; only its form is looked at. */
      readonly uri: string;
    }
  | { readonly what: "certificate"; readonly subject: string; readonly keyPath: string }
  | { readonly what: "port"; readonly address: Address }
  | { readonly what: "folder" | "tokens" | "collector"; readonly subject: string };

/** The one command that repairs a failure, or shows what to repair; undefined: there is none. Pure. */
export function repairOf(message: string, ailment: Ailment): string | undefined {
  switch (ailment.what) {
    case "source":
      return ofSource(message, ailment);
    case "certificate":
      return ofCertificate(message, ailment);
    case "port":
      return ofPort(message, ailment.address);
    case "folder":
      return `mkdir -p ${word(ailment.subject)} && chown "$(id -u)" ${word(ailment.subject)}`;
    case "tokens":
      return ofTokens(message, word(ailment.subject));
    case "collector":
      return `nc -vz ${ailment.subject.replace(/:(?=\d+$)/, " ")}`;
  }
}

/** What is wrong within the file, its message says. */
function ofTokens(message: string, file: string): string | undefined {
  if (/permission denied/.test(message)) return `chmod u+r ${file}`;
  if (!/no such file/.test(message)) return undefined;
  // The token is shown, and the line below it becomes the file.
  return `flagd token new my-app | tee /dev/stderr | sed '1s/.*/tokens:/' > ${file}`;
}

function ofSource(
  message: string,
  { provider, subject, uri }: Extract<Ailment, { readonly what: "source" }>,
): string | undefined {
  if (message === "warnings" || /the flags are rejected/.test(message)) {
    return `flagd validate ${word(subject)}`;
  }
  if (provider === "redis") return ofRedis(message, subject);
  if (provider === "file" || provider === "fileinfo" || provider === "fsnotify") {
    const path = uri.replace(/^file:(?:\/\/)?/, "");
    if (/no such file|ENOENT|does not exist/i.test(message)) return `flagd init ${word(path)}`;
    if (/permission|EACCES/i.test(message)) return `chmod a+r ${word(path)}`;
    return `ls -l ${word(path)}`;
  }
  if (/certificate|CA\b|TLS/i.test(message)) return showCertificate(uri);
  if (provider === "http") return `curl -v ${word(subject)} -o /dev/null`;
  if (provider === "kubernetes") return "kubectl auth can-i list featureflags.core.openfeature.dev";
  const login = /^no (AWS|Azure|Google) credentials/.exec(message)?.[1];
  if (login) return logins[login];
  const server = hostAndPort(uri);
  return server && `nc -vz ${server.replace(":", " ")}`;
}

/** By the words of the messages. */
const logins: Readonly<Record<string, string>> = {
  AWS: "aws configure",
  Azure: "az login",
  Google: "gcloud auth application-default login",
};

function ofRedis(message: string, subject: string): string | undefined {
  const grant = /ACL SETUSER [^;]+/.exec(message)?.[0];
  const server = hostAndPort(subject);
  const at = server ? ` -h ${server.replace(/:(?=\d+$)/, " -p ")}` : "";
  if (grant) return `redis-cli${at} ${grant.replaceAll("|", "\\|")}`;
  if (/does not exist|is empty/.test(message)) {
    return `flagd redis push flags.json --redis-uri ${word(subject)}`;
  }
  const other = /the key "([^"]+)" holds/.exec(message)?.[1];
  if (other !== undefined) return `redis-cli${at} TYPE ${word(other)}`;
  if (/certificate|CA\b|TLS/i.test(message)) return showCertificate(subject);
  const user = /password of user "([^"]+)"/.exec(message)?.[1];
  if (user || /requires a password/.test(message)) {
    return `redis-cli${at} --user ${word(user ?? "default")} --askpass PING`;
  }
  const write = /write the URI as (\S+)/.exec(message)?.[1];
  if (write) return `flagd start --uri ${word(write)}`;
  if (/nothing is listening/.test(message)) {
    const local = /^(?:localhost|127\.)/.test(server ?? "");
    const port = /:(\d+)$/.exec(server ?? "")?.[1] ?? "6379";
    return local ? `redis-server --port ${port} --daemonize yes` : `redis-cli${at} PING`;
  }
  return server && `redis-cli${at} PING`;
}

function ofCertificate(
  message: string,
  { subject, keyPath }: Extract<Ailment, { readonly what: "certificate" }>,
): string {
  const show = `openssl x509 -in ${word(subject)} -noout -subject -dates`;
  if (/permission|EACCES/i.test(message)) return `chmod u+r ${word(subject)} ${word(keyPath)}`;
  return /no such file|ENOENT/i.test(message) ? `ls -l ${word(subject)} ${word(keyPath)}` : show;
}

function ofPort(message: string, address: Address): string {
  if ("socketPath" in address) return `ls -ld "$(dirname ${word(address.socketPath)})"`;
  if (/in use/.test(message)) return `ss -ltnp 'sport = :${address.port}'`;
  if (/permission denied/.test(message)) {
    return 'setcap cap_net_bind_service=+ep "$(command -v flagd)"';
  }
  return "ip -brief address";
}

function showCertificate(uri: string): string | undefined {
  const server = hostAndPort(uri);
  return server && `openssl s_client -connect ${server} -showcerts < /dev/null`;
}

/** Of a URI without credentials. */
function hostAndPort(uri: string): string | undefined {
  const authority = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?([^/?#,]+)/i.exec(uri)?.[1];
  if (authority === undefined) return /^[\w.-]+:\d+$/.test(uri) ? uri : undefined;
  if (/:\d+$/.test(authority)) return authority;
  return `${authority}:${/^(?:redis|valkey)/i.test(uri) ? 6379 : 443}`;
}

/** As a shell takes it for one word. */
function word(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
