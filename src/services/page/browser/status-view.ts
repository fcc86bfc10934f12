import type { StatusDocument } from "../../management/status.ts";
import { byId, element, table } from "./dom.ts";

export type Status = StatusDocument;

/** Draws everything that `/status` has but the counts, which stand at the flags. */
export function renderStatus(status: Status): void {
  const { version, command, state, uptimeSeconds } = status;
  byId("summary").textContent =
    `${version}, flagd ${command}: ${state}, running for ${duration(uptimeSeconds)}`;
  into("sources", sourceTable(status), [status.sources.map(({ ageSeconds, ...rest }) => rest)]);
  into("changes", changeTable(status), status.changes);
  into("streams", streamTable(status), status.streams);
  into("listeners", listenerTable(status), status.listeners);
}

const drawn = new Map<string, string>();

function into(id: string, view: HTMLElement, data: unknown): void {
  const text = JSON.stringify(data);
  if (drawn.get(id) === text) return;
  drawn.set(id, text);
  byId(id).querySelector(":scope > div")?.replaceChildren(view);
}

function sourceTable({ sources }: Status): HTMLElement {
  const rows = sources.map((source) => {
    const { name, provider, state, lastSuccess, bytes, hash, restoredFrom, reason } = source;
    const flags = source.flagSets.reduce((sum, set) => sum + set.flags, 0);
    const notes = [
      ...(restoredFrom === null ? [] : [`restored from ${restoredFrom}`]),
      ...(reason === null ? [] : [reason]),
      ...source.warnings.map(({ path, reason }) => `${path}: ${reason}`),
    ];
    return [
      element("code", "", name),
      provider,
      element("span", state === "synced" ? "good" : "bad", state),
      lastSuccess ?? "never",
      String(flags),
      element("span", "whole", `${bytes} bytes`),
      hash === null ? "" : element("code", "whole", hash.slice(0, 12)),
      element("div", "", ...notes.map((note) => element("div", "", note))),
    ];
  });
  const heads = ["Source", "Kind", "State", "Last success", "Flags", "Size", "Hash", "Notes"];
  return table("Sources", heads, rows);
}

function changeTable({ changes }: Status): HTMLElement {
  const rows = changes.map(({ time, source, flag, flagSetId, kind, differences, more }) => {
    const lines = differences.map(({ path, before, after }) =>
      element(
        "div",
        "",
        element("code", "", path),
        ...(before === undefined ? [] : [" ", element("del", "bad", before)]),
        ...(after === undefined ? [] : [" ", element("ins", "good", after)]),
      ),
    );
    const rest = more > 0 ? [element("div", "dim", `and ${more} more`)] : [];
    const set = flagSetId === "" ? "" : ` in ${flagSetId}`;
    return [
      time,
      element("code", "", `${flag}${set}`),
      kind,
      element("div", "", ...lines, ...rest),
      source,
    ];
  });
  return table("Changes", ["Time", "Flag", "Kind", "What", "Source"], rows);
}

function streamTable({ streams }: Status): HTMLElement {
  const rows = streams.map(({ kind, client, selector, open }) => [
    kind,
    client ?? "unnamed",
    selector ?? "every flag",
    String(open),
  ]);
  return table("Streams", ["Kind", "Client", "Sees", "Open"], rows);
}

function listenerTable({ listeners }: Status): HTMLElement {
  const rows = listeners.map(({ name, address, tls }) => [
    name,
    element("code", "", address),
    tls === undefined
      ? "plaintext"
      : tls.certificates.map(({ subject, expires }) => `${subject} until ${expires}`).join("; "),
  ]);
  return table("Listeners", ["Name", "Address", "Certificates"], rows);
}

function duration(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800
    ? `${Math.round(seconds / 3_600)} h`
    : `${Math.round(seconds / 86_400)} d`;
}
