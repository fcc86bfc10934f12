import { quote } from "../../core/message-text.ts";
import { showAddress, type TcpAddress } from "../../core/tcp-address.ts";
import { type Kind, scalarText, ValueError } from "./kind.ts";
import { port } from "./scalars.ts";

/** Names as resolvers take them, and IPv4 addresses. */
const hostName = /^(?!\d+$)[a-z\d_](?:[a-z\d_.-]{0,252}[a-z\d_.])?$/i;

function checkHost(text: string): string {
  if (hostName.test(text) || (text.includes(":") && isIPv6(text))) return text;
  throw new ValueError(`${quote(text)} is neither a host name nor an IP address`);
}

/** The module is loaded for it: that takes longer than all that `flagd version` does. */
function isIPv6(text: string): boolean {
  return process.getBuiltinModule("node:net").isIPv6(text);
}

/** `PORT` or `HOST:PORT`, with an IPv6 address in brackets. */
export const tcpAddress: Kind<TcpAddress> = {
  hint: "[host:]port",
  fromText(text) {
    const colon = text.lastIndexOf(":");
    if (colon < 0) return { port: port.fromText(text) };
    if (isIPv6(text.replace(/^\[(.*)\]$/, "$1"))) {
      const advice = "an IPv6 address stands in brackets before its port, as in [::1]:8013";
      throw new ValueError(`${quote(text)} has no port: ${advice}`);
    }
    const [written, digits] = [text.slice(0, colon), text.slice(colon + 1)];
    if (written === "") {
      throw new ValueError(`${quote(text)} has no host before its colon`, digits);
    }
    const address = /^\[(.*)\]$/.exec(written)?.[1];
    if (address !== undefined && !isIPv6(address)) {
      throw new ValueError(`${quote(written)} has no IPv6 address in its brackets`);
    }
    if (address === undefined && /[[\]:]/.test(written)) {
      throw new ValueError(
        `${quote(text)} is not [host:]port, such as 8013, 127.0.0.1:8013 or [::1]:8013`,
      );
    }
    return { host: address ?? checkHost(written), port: port.fromText(digits) };
  },
  fromFile: (value) => tcpAddress.fromText(scalarText(value)),
  show: (value) => (value.host === undefined ? String(value.port) : showAddress(value)),
};

/** A host without a port; brackets around an IPv6 address do no harm. Empty: all addresses. */
export const host: Kind<string> = {
  hint: "host",
  fromText(text) {
    if (text === "") return "";
    if (/:\d+$/.test(text) && !isIPv6(text)) {
      throw new ValueError(
        `${quote(text)} is a host with a port: the ports have options of their own`,
      );
    }
    return checkHost(/^\[(.*:.*)\]$/.exec(text)?.[1] ?? text);
  },
  fromFile: (value) => host.fromText(scalarText(value)),
  show: (value) => value,
};
