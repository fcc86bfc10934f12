import { Code, RpcError } from "../../core/errors.ts";

const unitMs: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/**
 * The `grpc-timeout` header in milliseconds.
 * @throws RpcError when it is not one to eight digits and a unit.
 */
export function parseGrpcTimeout(value: string): number {
  const [, digits, unit = ""] = /^(\d{1,8})([HMSmun])$/.exec(value) ?? [];
  const scale = unitMs[unit];
  if (digits === undefined || scale === undefined) {
    throw new RpcError(
      `protocol error: invalid grpc timeout value: ${value}`,
      Code.InvalidArgument,
    );
  }
  return Number(digits) * scale;
}
