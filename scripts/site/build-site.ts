export async function buildSite(folder: string): Promise<void> {
  await Bun.write(`${folder}/index.html`, "");
}
