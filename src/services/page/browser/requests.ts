/** Requests to the daemon, with the token that the user has given. */
import { byId } from "./dom.ts";

const stored = "flagd-token";

function headers(): Record<string, string> {
  const token = sessionStorage.getItem(stored);
  return token === null ? {} : { Authorization: `Bearer ${token}` };
}

/** The daemon wants a token, or another one. */
export class TokenNeeded extends Error {}

/** @throws TokenNeeded */
export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(path, { ...init, headers: { ...headers(), ...init.headers } });
  if (response.status !== 401 && response.status !== 403) return response;
  const known = sessionStorage.getItem(stored) !== null;
  throw new TokenNeeded(known || response.status === 403 ? (await response.text()).trim() : "");
}

/** @throws Error unless the answer is 200 */
export async function json<Answer>(path: string): Promise<Answer> {
  const response = await ask(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

export function post(path: string, body: unknown): Promise<Response> {
  const type = { "Content-Type": "application/json" };
  return ask(path, { method: "POST", headers: type, body: JSON.stringify(body) });
}

/** Server-sent events by `fetch`, as EventSource sends no token. Ends when the stream does. */
export async function follow(path: string, tell: (event: string) => void): Promise<void> {
  const response = await ask(path);
  if (!response.ok || !response.body) throw new Error(`${path}: ${response.status}`);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const events = (rest + value).split("\n\n");
    rest = events.pop() ?? "";
    for (const event of events) tell(/^event: (\w+)/.exec(event)?.[1] ?? "");
  }
}

/**
 * Asks for the token and calls `signedIn` with it in place. It is kept as long as the tab is open.
 * @param problem with the one before; empty: there was none
 */
export function askForToken(problem: string, signedIn: () => void): void {
  const form = byId<HTMLFormElement>("sign-in");
  const input = byId<HTMLInputElement>("token");
  byId("sign-in-problem").textContent = problem;
  byId("summary").textContent = "Sign in to see this daemon";
  byId("page").hidden = true;
  form.hidden = false;
  input.focus();
  form.onsubmit = (event) => {
    event.preventDefault();
    sessionStorage.setItem(stored, input.value.trim());
    input.value = "";
    form.hidden = true;
    byId("page").hidden = false;
    signedIn();
  };
}
