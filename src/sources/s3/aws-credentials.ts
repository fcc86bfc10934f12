import type { Environment } from "../../core/environment.ts";
import { isPermanent, messageOf, SourceError } from "../source-error.ts";
import { readTextFile } from "../text-file.ts";
import { errorCode } from "../web/refusal.ts";
import type { Token } from "../web/token-cache.ts";
import type { WebClient, WebRequest, WholeAnswer } from "../web/web-client.ts";

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

const ecsHost = "http://169.254.170.2";
const imdsHost = "http://169.254.169.254";

/**
 * Credentials in the order of AWS's SDKs, as far as they need no files of a user: variables, web identity
 * (EKS), container (ECS, EKS Pod Identity), instance (EC2, IMDSv2).
 * @throws SourceError saying where it looked last
 */
export async function awsCredentials(
  env: Environment,
  client: WebClient,
  region: string,
  signal: AbortSignal,
): Promise<Token<AwsCredentials>> {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: session } = env;
  if (id && secret) {
    const value = { accessKeyId: id, secretAccessKey: secret };
    return { value: session ? { ...value, sessionToken: session } : value, lifetimeMs: undefined };
  }
  const ask = async (request: WebRequest) => {
    const answer = await client.request(request, signal);
    if (answer.status === 200) return answer;
    const code = errorCode(answer);
    throw new SourceError(
      `no AWS credentials: ${request.url.host} responded with ${answer.status}${code ? ` (${code})` : ""}`,
    );
  };
  if (env.AWS_WEB_IDENTITY_TOKEN_FILE && env.AWS_ROLE_ARN) {
    return fromText(await ask(await webIdentity(env, region)));
  }
  const container =
    env.AWS_CONTAINER_CREDENTIALS_FULL_URI ??
    (env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI &&
      ecsHost + env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI);
  if (container) {
    const file = env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE;
    const token = file ? await readToken(file) : env.AWS_CONTAINER_AUTHORIZATION_TOKEN;
    const headers: Record<string, string> = token ? { authorization: token } : {};
    return fromText(await ask({ url: new URL(container), headers, direct: true }));
  }
  if (env.AWS_EC2_METADATA_DISABLED === "true") {
    throw new SourceError(`no AWS credentials: ${advice}`, { retryable: false });
  }
  try {
    return await fromInstance(env.AWS_EC2_METADATA_SERVICE_ENDPOINT ?? imdsHost, ask);
  } catch (error) {
    // Outside of EC2 nobody meant this, the last of the places.
    const asked = messageOf(error).replace(/^no AWS credentials: /, "");
    throw new SourceError(`no AWS credentials: ${advice} (the metadata service: ${asked})`, {
      retryable: !isPermanent(error),
    });
  }
}

const advice = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";

/** AssumeRoleWithWebIdentity, which needs no signature. */
async function webIdentity(env: Environment, region: string): Promise<WebRequest> {
  const endpoint = env.AWS_ENDPOINT_URL_STS ?? `https://sts.${region}.amazonaws.com`;
  return {
    url: new URL(endpoint),
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({
      Action: "AssumeRoleWithWebIdentity",
      Version: "2011-06-15",
      RoleArn: env.AWS_ROLE_ARN ?? "",
      RoleSessionName: env.AWS_ROLE_SESSION_NAME ?? "flagd",
      WebIdentityToken: await readToken(env.AWS_WEB_IDENTITY_TOKEN_FILE ?? ""),
    }).toString(),
  };
}

async function fromInstance(
  host: string,
  ask: (request: WebRequest) => Promise<WholeAnswer>,
): Promise<Token<AwsCredentials>> {
  const text = ({ body }: WholeAnswer) => new TextDecoder().decode(body).trim();
  const token = await ask({
    url: new URL("/latest/api/token", host),
    method: "PUT",
    direct: true,
    headers: { "x-aws-ec2-metadata-token-ttl-seconds": "300" },
  });
  const headers = { "x-aws-ec2-metadata-token": text(token) };
  const roles = new URL("/latest/meta-data/iam/security-credentials/", host);
  const [role = ""] = text(await ask({ url: roles, headers, direct: true })).split("\n");
  const url = new URL(encodeURIComponent(role), roles);
  return fromText(await ask({ url, headers, direct: true }));
}

/** From JSON of the metadata services or XML of STS, whose members have the same names. */
function fromText({ body }: WholeAnswer): Token<AwsCredentials> {
  const text = new TextDecoder().decode(body);
  const member = (name: string) =>
    new RegExp(`"${name}"\\s*:\\s*"([^"]*)"|<${name}>([^<]*)</${name}>`)
      .exec(text)
      ?.slice(1)
      .find((value) => value !== undefined);
  const accessKeyId = member("AccessKeyId");
  const secretAccessKey = member("SecretAccessKey");
  const sessionToken = member("Token") ?? member("SessionToken");
  if (!accessKeyId || !secretAccessKey) {
    throw new SourceError("no AWS credentials: the response has no AccessKeyId");
  }
  const expires = Date.parse(member("Expiration") ?? "");
  return {
    value: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) },
    lifetimeMs: Number.isNaN(expires) ? undefined : expires - Date.now(),
  };
}

async function readToken(path: string): Promise<string> {
  return (await readTextFile(path, (reason) => `no AWS credentials: ${reason}`)).trim();
}
