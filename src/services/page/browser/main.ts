import type { ListedFlag } from "../flag-list.ts";
import { byId, element, shown, table } from "./dom.ts";
import { askForToken, follow, json, TokenNeeded } from "./requests.ts";
import { ruleTree } from "./rule-tree.ts";
import { renderStatus, type Status } from "./status-view.ts";
import { prepareTry } from "./try-view.ts";

const search = byId<HTMLInputElement>("search");
const filter = byId<HTMLSelectElement>("filter");
const onlyShadowed = byId<HTMLInputElement>("shadowed");
let status: Status | undefined;
let listed: { flags: ListedFlag[]; found: number } = { flags: [], found: 0 };
let drawn = "";

async function refreshStatus(): Promise<void> {
  status = await json<Status>("page/status");
  renderStatus(status);
  const names = status.sources.map(({ name }) => name);
  if (filter.options.length !== names.length + 1) {
    filter.replaceChildren(new Option("all", ""), ...names.map((name) => new Option(name, name)));
  }
  drawFlags();
}

/** Of the flags that the form asks for. */
function flagsPath(): string {
  const shadowed = String(onlyShadowed.checked);
  return `page/flags?${new URLSearchParams({ search: search.value, source: filter.value, shadowed })}`;
}

async function refreshFlags(): Promise<void> {
  const asked = flagsPath();
  const found = await json<typeof listed>(asked);
  if (asked !== flagsPath()) return;
  listed = found;
  drawFlags();
}

/** Redraws only what differs, so that neither the focus nor what is open is lost. */
function drawFlags(): void {
  const { flags } = listed;
  const state = JSON.stringify([flags, status?.evaluations, listed.found]);
  if (state === drawn) return;
  drawn = state;
  const list = byId("list");
  const open = new Set(
    [...list.querySelectorAll("details[open]")].map((each) => (each as HTMLElement).dataset.id),
  );
  const focused = (document.activeElement?.parentElement as HTMLElement | null)?.dataset.id;
  list.replaceChildren(...flags.map((flag) => flagView(flag, open)));
  for (const each of list.children) {
    if (focused !== undefined && (each as HTMLElement).dataset.id === focused) {
      each.querySelector("summary")?.focus();
    }
  }
  const more =
    listed.found > listed.flags.length ? `, the first ${listed.flags.length} are listed` : "";
  byId("found").textContent = `${listed.found} ${listed.found === 1 ? "flag" : "flags"}${more}`;
}

function flagView(flag: ListedFlag, open: ReadonlySet<string | undefined>): HTMLElement {
  const { key, source, flagSetId, definition, shadowedBy } = flag;
  const set = flagSetId === "" ? "" : ` in ${flagSetId}`;
  const shadowed = shadowedBy ? ", shadowed" : "";
  const label = element("span", "dim", `${set} from ${source}${shadowed}`);
  const made = element("details", "", element("summary", "", element("code", "", key), label));
  made.dataset.id = JSON.stringify([source, flagSetId, key]);
  (made as HTMLDetailsElement).open = open.has(made.dataset.id);
  if (shadowedBy) {
    made.append(element("p", "bad", `Shadowed: the flag of ${shadowedBy.source} is given instead`));
  }
  if (definition === null) {
    made.append(element("p", "dim", "The definition is too long to be shown"));
    return made;
  }
  const { state, defaultVariant, variants, targeting, metadata } = JSON.parse(definition);
  made.append(element("p", "", `${state ?? ""}, default variant ${defaultVariant ?? "none"}`));
  const counts = new Map<string, number>();
  for (const each of status?.evaluations ?? []) {
    if (each.flag === key) counts.set(each.variant, (counts.get(each.variant) ?? 0) + each.count);
  }
  const rows = Object.entries(variants ?? {}).map(([name, value]) => [
    element("code", "", name),
    element("code", "", shown(JSON.stringify(value))),
    String(counts.get(name) ?? 0),
  ]);
  const own = counts.get("");
  if (own) rows.push([element("span", "dim", "the application’s own default"), "", String(own)]);
  made.append(table(`Variants of ${key}`, ["Variant", "Value", "Given since the start"], rows));
  if (targeting) made.append(element("p", "dim", "Rule"), ruleTree(targeting));
  if (metadata) made.append(element("p", "dim", "Metadata"), pre(metadata));
  return made;
}

function pre(value: unknown): HTMLElement {
  return element("pre", "", JSON.stringify(value, null, 2));
}

function failed(error: unknown): void {
  if (error instanceof TokenNeeded) {
    signedOut = true;
    askForToken(error.message, start);
  } else byId("summary").textContent = `Not up to date: ${error}`;
}

function refresh(): void {
  Promise.all([refreshStatus(), refreshFlags()]).catch(failed);
}

const retryMs = 2_000;
let signedOut = false;

/** Shows everything, and what is new when the daemon says so. */
function start(): void {
  signedOut = false;
  refresh();
  const listen = () =>
    follow("page/events", (event) => {
      if (event === "change") refresh();
      else refreshStatus().catch(failed);
    })
      .then(() => failed("no connection to flagd, trying again"), failed)
      .then(() => {
        if (!signedOut) setTimeout(listen, retryMs);
      });
  void listen();
}

for (const field of [search, filter, onlyShadowed]) {
  field.addEventListener("input", () => void refreshFlags().catch(failed));
}
prepareTry();
start();
