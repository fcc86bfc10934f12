import { byId, shown } from "./dom.ts";
import { post } from "./requests.ts";
import { type Explanation, explanationView } from "./step-tree.ts";

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
    const [asked, parsed] = [key.value, parse(context.value)];
    const told = await answer(asked, parsed);
    const why = asked === "" || parsed instanceof Error ? [] : await explanation(asked, parsed);
    byId("answer").textContent = shown(told);
    byId("why").replaceChildren(...why);
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
  byId("try-form").addEventListener("submit", (event) => {
    event.preventDefault();
    void evaluate();
  });
  addEventListener("hashchange", fromLink);
  update();
  fromLink();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return new Error(String(error));
  }
}

async function answer(key: string, context: unknown): Promise<string> {
  if (context instanceof Error) return `The context is not JSON: ${context.message}`;
  try {
    const response = await post(`page/try?${new URLSearchParams({ key })}`, { context });
    const text = await response.text();
    const parsed = parse(text);
    // What a proxy says is no JSON.
    return parsed instanceof Error
      ? `No answer: ${response.status} ${text}`
      : JSON.stringify(parsed, null, 2);
  } catch (error) {
    return `No answer: ${error}`;
  }
}

async function explanation(key: string, context: unknown): Promise<HTMLElement[]> {
  const response = await post("page/explain", { key, context });
  return response.ok ? [explanationView((await response.json()) as Explanation)] : [];
}
