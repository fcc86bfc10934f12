/** What language models read instead of pages: https://llmstxt.org */
import type { SitePage } from "./prepare-pages.ts";

export function indexForMachines(pages: readonly SitePage[]): string {
  const lines = pages.map(
    (page) => `- [${page.title}](_sources/${page.path}.md.txt): ${firstSentence(page.text)}`,
  );
  return `# flagd on Bun

> A feature-flag daemon for OpenFeature that reads its flags from Redis, files, URLs, buckets or Kubernetes, and evaluates
> them over gRPC, Connect and OFREP. It is compatible with flagd's providers and options.

Every page as text; [all of them in one file](llms-full.txt).

## Documentation

${lines.join("\n")}
`;
}

export function fullText(pages: readonly SitePage[]): string {
  return pages.map(({ text }) => `${text.trim()}\n`).join("\n\n");
}

/** Of the first paragraph that is one. */
function firstSentence(text: string): string {
  const paragraph = text
    .replace(/^```.*?^```$/gms, "")
    .split(/\n{2,}/)
    .map((part) => part.replace(/<!--.*?-->/gs, "").trim())
    .find((part) => part !== "" && !/^[#|<>-]/.test(part));
  const plain = (paragraph ?? "").replace(/\s+/g, " ").replace(/\[([^\]]*)\]\([^)]*\)/g, "$1");
  return /^.*?[.:](?= |$)/.exec(plain)?.[0].replace(/:$/, ".") ?? plain;
}
