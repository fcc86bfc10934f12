/** Files with a failed test, in a JUnit report of `bun test`. Tests of a file are in suites that name it. */
export function failedFiles(report: string): readonly string[] {
  const suites = report.matchAll(/<testsuite [^>]*?file="([^"]+)"[^>]*? failures="([1-9]\d*)"/g);
  return [...new Set([...suites].map(([, file = ""]) => file))];
}

/**
 * Whether files are to be run once more, alone: those that talk to servers and processes can fail because everything else runs
 * beside them. A unit test or a property gives the same result each time, so that its failure is one.
 */
export function mayRunAgain(files: readonly string[]): boolean {
  const maxFiles = 3;
  const shared = /^tests\/(integration|faults|conformance)\//;
  return files.length > 0 && files.length <= maxFiles && files.every((file) => shared.test(file));
}
