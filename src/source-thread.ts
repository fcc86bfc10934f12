import { compileAsUsual } from "./runtime/compilation.ts";
import { runSourceThread } from "./sources/thread/run.ts";

compileAsUsual();
await runSourceThread();
