import { runMember } from "./runtime/workers/member.ts";

await runMember();
