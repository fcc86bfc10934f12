/**
 * Object stores as the source of `dist/flagd`: load, unchanged, change, broken, missing, restart, refused
 * credentials. Arguments choose by name: `npx bun tests/outside/stores/run.ts moto`.
 */
import { runFlagd, startFlagd } from "../../support/flagd.ts";
import { until } from "../../support/until.ts";
import { becomes, documentWith, light } from "../light-flag.ts";
import { expectEqual, Suite } from "../suite.ts";
import { RunningStore } from "./running-store.ts";
import { type Store, stores } from "./stores.ts";

const wanted = process.argv.slice(2);
const suite = new Suite("Object stores");
for (const store of stores) {
  if (wanted.length > 0 && !wanted.some((name) => store.name.includes(name))) continue;
  console.log(store.name);
  await runStore(store);
}
suite.finish();

async function runStore(store: Store): Promise<void> {
  const command = await store.install();
  await using running = await RunningStore.start(store, command);
  const { place } = running;
  const check = (name: string, run: () => Promise<void>) =>
    suite.check(`${store.name}: ${name}`, run);
  const put = (variant: string) => store.put(place, documentWith(variant));
  const source = { uri: store.uri(place), provider: store.provider, interval: 1 };
  const args = ["--sources", JSON.stringify([source])];
  const env = store.env(place);

  await check("a daemon that starts before the object is there waits for it", async () => {
    await using flagd = await startFlagd(args, { env, unready: true });
    await until("a line in the log", () => /404/.test(flagd.log()));
    expectEqual((await fetch(`${flagd.http}/readyz`)).status, 412);
    await put("red");
    await becomes(flagd, "red");
    expectEqual((await fetch(`${flagd.http}/readyz`)).status, 200);
  });

  {
    await put("red");
    await using flagd = await startFlagd(args, { env });
    await check("flags are loaded", async () => expectEqual(await light(flagd), "red"));
    await check("an unchanged object changes nothing", async () => {
      const [again, other] = store.ignoresConditions ? [200, 304] : [304, 200];
      await running.answers(again);
      const before = [running.count(other), flagd.log()];
      await running.answers(again);
      await running.answers(again);
      expectEqual([running.count(other), flagd.log()], before);
    });
    await check("a change is seen", async () => {
      await put("green");
      await becomes(flagd, "green");
    });
    await check("what cannot be read changes nothing, and its repair is seen", async () => {
      await store.put(place, '{"flags":');
      await until("an error in the log", () => /rejected|not valid|JSON/i.test(flagd.log()));
      expectEqual(await light(flagd), "green");
      await put("blue");
      await becomes(flagd, "blue");
    });
    await check("an object that is deleted changes nothing, and its return is seen", async () => {
      await store.remove(place);
      await until("a line in the log", () => /404/.test(flagd.log()));
      expectEqual(await light(flagd), "blue");
      await put("red");
      await becomes(flagd, "red");
    });
    await check("after a restart, what the store has now is seen", async () => {
      const before = flagd.log().length;
      await running.stop();
      await until("a line in the log", () => flagd.log().length > before);
      expectEqual(await light(flagd), "red");
      await running.begin();
      await put("green");
      await becomes(flagd, "green", 30);
    });
  }

  const { refused } = store;
  if (refused) {
    await check("refused credentials: one line says so, without them", async () => {
      const ports = ["-p", "-m", "-r", "-g"].flatMap((option) => [option, "0"]);
      const { code, stderr } = await runFlagd(["start", ...ports, ...args], { env: refused.env });
      const secret = Object.values(refused.env).find((value) => stderr.includes(value));
      const said = refused.says.test(stderr) ? "said" : stderr;
      expectEqual([code, said, /-secret/.test(secret ?? "")], [1, "said", false]);
    });
  }
}
