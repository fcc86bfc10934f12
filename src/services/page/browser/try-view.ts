import { byId, shown } from "./dom.ts";

const prefix = "#try=";

/** Evaluates what the form says, as OFREP does, and what a link to this page says. */
export function prepareTry(): void {
  const key = byId<HTMLInputElement>("key");
  const context = byId<HTMLTextAreaElement>("context");
  const link = byId<HTMLAnchorElement>("link");

  const update = () => {
    const asked = JSON.stringify({ key: key.value, context: context.value });
    link.href = prefix + encodeURIComponent(asked);
  };
  const evaluate = async () => {
    update();
    byId("answer").textContent = shown(await answer(key.value, context.value));
  };
  const fromLink = () => {
    if (!location.hash.startsWith(prefix)) return;
    try {
      const asked = JSON.parse(decodeURIComponent(location.hash.slice(prefix.length)));
      key.value = String(asked.key ?? "");
      context.value = String(asked.context ?? "{}");
    } catch {
      byId("answer").textContent = "The link is damaged";
      return;
    }
    void evaluate();
    byId("try").scrollIntoView();
  };
  key.addEventListener("input", update);
  context.addEventListener("input", update);
  document.querySelector("form")?.addEventListener("submit", (event) => {
    event.preventDefault();
    void evaluate();
  });
  addEventListener("hashchange", fromLink);
  update();
  fromLink();
}

async function answer(key: string, context: string): Promise<string> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(context);
  } catch (error) {
    return `The context is not JSON: ${error}`;
  }
  try {
    const response = await fetch(`page/try/${encodeURIComponent(key)}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ context: parsed }),
    });
    return JSON.stringify(await response.json(), null, 2);
  } catch (error) {
    return `No answer: ${error}`;
  }
}
