/** How long what runs once may take: loading, binding, reading the first documents. */
const startMs = 300;

/**
 * The executable starts reluctant to compile (`jitPolicy` in build.ts): compiling what runs once is
 * half of what a start costs. What serves requests has to be compiled as usual. Of each thread.
 */
export function compileAfterStart(): void {
  setTimeout(compileAsUsual, startMs).unref();
}

export function compileAsUsual(): void {
  Bun.unsafe.setJITPolicy(1);
}
