/** How long a start may take: loading, binding, reading the first documents. */
const startMs = 300;

/**
 * The executable starts with a JIT that compiles late (`jitPolicy` in build.ts), as compiling code that
 * runs once is half the cost of a start. Code that serves requests has to be compiled as usual: this
 * switches the calling thread back to that when its start is over.
 */
export function compileAfterStart(): void {
  setTimeout(compileAsUsual, startMs).unref();
}

/**
 * The environment of a command that computes for about a second: the last tier of JavaScriptCore's JIT would take a
 * third of the processor time to compile what pays after some seconds only. It is read when a process begins.
 */
export const withoutLastTier = { BUN_JSC_useFTLJIT: "0" } as const;

/** Switches the calling thread back now. */
export function compileAsUsual(): void {
  Bun.unsafe.setJITPolicy(1);
}
