/** Words before a command that end it with the process of the tests, even if that is killed, where the system can do that. */
const boundToUs = Bun.which("setpriv") ? ["setpriv", "--pdeathsig", "KILL"] : [];

/**
 * What runs a command.
 * @param group number of the group that it runs as (for root only), by which the packets of its connections are known
 */
export function runningAs(group: number | undefined): readonly string[] {
  return group === undefined
    ? boundToUs
    : ["setpriv", "--pdeathsig", "KILL", "--regid", `${group}`, "--clear-groups"];
}
