/**
 * Takes IPv6 from the process that runs it, as on a machine whose kernel has none: from then on, a socket of IPv6 is
 * refused (EAFNOSUPPORT) by a filter of Linux that its main thread cannot take off.
 */
import { dlopen, ptr } from "bun:ffi";

const setNoNewPrivileges = 38;
const setSeccomp = 22;
const socketCall = process.arch === "arm64" ? 198 : 41;
const inet6 = 10;

/** An instruction of classic BPF. */
const instruction = (code: number, jumpTrue: number, jumpFalse: number, value: number) => {
  const bytes = new DataView(new ArrayBuffer(8));
  bytes.setUint16(0, code, true);
  bytes.setUint8(2, jumpTrue);
  bytes.setUint8(3, jumpFalse);
  bytes.setUint32(4, value, true);
  return new Uint8Array(bytes.buffer);
};
const load = 0x20;
const jumpIfEqual = 0x15;
const answer = 0x06;
const filter = Buffer.concat([
  instruction(load, 0, 0, 0),
  instruction(jumpIfEqual, 0, 3, socketCall),
  // The first argument.
  instruction(load, 0, 0, 16),
  instruction(jumpIfEqual, 0, 1, inet6),
  // Error 97: EAFNOSUPPORT.
  instruction(answer, 0, 0, 0x0005_0000 | 97),
  // Everything else is allowed.
  instruction(answer, 0, 0, 0x7fff_0000),
]);
const program = new DataView(new ArrayBuffer(16));
program.setUint16(0, filter.length / 8, true);
program.setBigUint64(8, BigInt(ptr(filter)), true);

const { symbols } = dlopen("libc.so.6", {
  prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
});
symbols.prctl(setNoNewPrivileges, 1, 0, 0, 0);
if (symbols.prctl(setSeccomp, 2, ptr(new Uint8Array(program.buffer)), 0, 0) !== 0) {
  throw new Error("the filter was refused");
}
