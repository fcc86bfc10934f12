/** The servers' side of signed requests, written from the specifications alone. */
import { createHash, createHmac } from "node:crypto";

const hmac = (key: string | Buffer, text: string) =>
  createHmac("sha256", key).update(text).digest();

/**
 * Whether a presigned URL has the signature that AWS Signature Version 4 gives it;
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 */
export function isPresigned(request: Request, secret: string): boolean {
  const { pathname, searchParams } = new URL(request.url);
  const given = searchParams.get("X-Amz-Signature");
  const date = searchParams.get("X-Amz-Date") ?? "";
  const [, ...scope] = (searchParams.get("X-Amz-Credential") ?? "").split("/");
  const [day = "", region = "", service = ""] = scope;
  const query = [...searchParams]
    .filter(([name]) => name !== "X-Amz-Signature")
    .map((pair) => pair.map(encodeURIComponent).join("="))
    .sort()
    .join("&");
  const canonical = [
    "GET",
    pathname,
    query,
    `host:${request.headers.get("host")}`,
    "",
    "host",
    "UNSIGNED-PAYLOAD",
  ].join("\n");
  const hash = createHash("sha256").update(canonical).digest("hex");
  const text = ["AWS4-HMAC-SHA256", date, scope.join("/"), hash].join("\n");
  const parts = [day, region, service, "aws4_request"];
  const key = parts.reduce<string | Buffer>(hmac, `AWS4${secret}`);
  return createHmac("sha256", key).update(text).digest("hex") === given;
}

/** Whether a GET is signed with the shared key of an Azure storage account. */
export function isSignedForAzure(request: Request, account: string, key: string): boolean {
  const header = (name: string) => request.headers.get(name) ?? "";
  const text = `GET\n\n\n\n\n\n\n\n${header("if-match")}\n${header("if-none-match")}\n\n\nx-ms-date:${header("x-ms-date")}\nx-ms-version:${header("x-ms-version")}\n/${account}${new URL(request.url).pathname}`;
  const signature = hmac(Buffer.from(key, "base64"), text).toString("base64");
  return header("authorization") === `SharedKey ${account}:${signature}`;
}
