/** Firefox by WebDriver BiDi, which it speaks itself: https://w3c.github.io/webdriver-bidi/ */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../../support/until.ts";

/** What the protocol writes for keys that are no characters. */
export const key = { tab: "\ue004", enter: "\ue007", shift: "\ue008", space: " " } as const;

interface Answer {
  readonly id?: number;
  readonly type: "success" | "error" | "event";
  readonly result?: unknown;
  readonly error?: string;
  readonly message?: string;
  readonly method?: string;
  readonly params?: { readonly level?: string; readonly text?: string };
}

/** One browser with one tab. */
export class Firefox implements AsyncDisposable {
  /** Errors in its console. */
  readonly complaints: string[] = [];
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #last = 0;
  #context = "";

  private constructor(
    private readonly child: Bun.Subprocess,
    private readonly profile: string,
    private readonly socket: WebSocket,
  ) {
    socket.onmessage = ({ data }) => this.#received(JSON.parse(String(data)) as Answer);
  }

  static async start(executable: string, theme: "light" | "dark"): Promise<Firefox> {
    const profile = mkdtempSync(join(tmpdir(), "flagd-firefox-"));
    const dark = theme === "dark" ? 0 : 1;
    const settings = [
      `user_pref("layout.css.prefers-color-scheme.content-override", ${dark});`,
      'user_pref("browser.shell.checkDefaultBrowser", false);',
      'user_pref("app.update.enabled", false);',
    ];
    writeFileSync(join(profile, "user.js"), settings.join("\n"));
    const log = Bun.file(join(profile, "stderr"));
    const child = Bun.spawn(
      [executable, "--headless", "--no-remote", "--remote-debugging-port=0", "--profile", profile],
      { env: { ...process.env, MOZ_HEADLESS_WIDTH: "1100" }, stdio: ["ignore", "ignore", log] },
    );
    let address = "";
    await until(
      "Firefox listening",
      () => {
        if (child.exitCode !== null) throw new Error(readFileSync(log.name ?? "", "utf8"));
        address = /ws:\/\/127\.0\.0\.1:\d+/.exec(readFileSync(log.name ?? "", "utf8"))?.[0] ?? "";
        return address !== "";
      },
      60,
    );
    const socket = new WebSocket(`${address}/session`);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    });
    const firefox = new Firefox(child, profile, socket);
    await firefox.#send("session.new", { capabilities: {} });
    await firefox.#send("session.subscribe", { events: ["log.entryAdded"] });
    const made = await firefox.#send("browsingContext.create", { type: "tab" });
    firefox.#context = (made as { readonly context: string }).context;
    return firefox;
  }

  async open(url: string): Promise<void> {
    await this.#inTab("browsingContext.navigate", { url, wait: "complete" });
  }

  /** The value of an expression, which has to be a text, a number or a truth value. */
  async value(expression: string): Promise<unknown> {
    const answer = (await this.#send("script.evaluate", {
      expression,
      target: { context: this.#context },
      awaitPromise: true,
    })) as {
      readonly type: string;
      readonly result: { readonly value?: unknown };
      readonly exceptionDetails?: { readonly text: string };
    };
    if (answer.type === "exception") throw new Error(answer.exceptionDetails?.text);
    return answer.result.value;
  }

  /** The text that is shown of the first element of a selector. */
  async text(selector: string): Promise<string> {
    return String(
      await this.value(`document.querySelector(${JSON.stringify(selector)})?.innerText ?? ""`),
    );
  }

  /** Waits until the element's text contains this. */
  async shows(selector: string, text: string): Promise<void> {
    await until(`“${text}” in ${selector}`, async () => (await this.text(selector)).includes(text));
  }

  /** Presses keys one after the other, each to be one character of the text. */
  async type(text: string, held?: string): Promise<void> {
    const presses = [...text].flatMap((value) => [
      { type: "keyDown", value },
      { type: "keyUp", value },
    ]);
    const actions = held
      ? [{ type: "keyDown", value: held }, ...presses, { type: "keyUp", value: held }]
      : presses;
    await this.#inTab("input.performActions", {
      actions: [{ type: "key", id: "keyboard", actions }],
    });
  }

  /** As PNG, of the whole page. */
  async screenshot(): Promise<Buffer> {
    const { data } = (await this.#inTab("browsingContext.captureScreenshot", {
      origin: "document",
    })) as { readonly data: string };
    return Buffer.from(data, "base64");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.close();
    this.child.kill("SIGTERM");
    const timer = setTimeout(() => this.child.kill("SIGKILL"), 15_000);
    await this.child.exited;
    clearTimeout(timer);
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }

  #inTab(method: string, params: object): Promise<unknown> {
    return this.#send(method, { context: this.#context, ...params });
  }

  #send(method: string, params: object): Promise<unknown> {
    const id = ++this.#last;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    this.socket.send(JSON.stringify({ id, method, params }));
    return answer.promise;
  }

  #received({ id, type, result, error, message, method, params }: Answer): void {
    if (method === "log.entryAdded" && params?.level === "error") {
      this.complaints.push(params.text ?? "");
    }
    if (id === undefined) return;
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (type === "error") waiting?.reject(new Error(`${error}: ${message}`));
    else waiting?.resolve(result);
  }
}
