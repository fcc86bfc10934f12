/**
 * Waits for `attempt` to return something other than undefined, null or false, and returns that.
 * @throws after `seconds`, naming `what` and the last error.
 */
export async function until<T>(
  what: string,
  attempt: () => Promise<T | undefined | null | false> | T | undefined | null | false,
  seconds = 20,
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  let last: unknown;
  do {
    try {
      const result = await attempt();
      if (result !== undefined && result !== null && result !== false) return result;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await Bun.sleep(20);
  } while (Date.now() < deadline);
  throw new Error(`${what} did not happen within ${seconds} s`, { cause: last });
}
