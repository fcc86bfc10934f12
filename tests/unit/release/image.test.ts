import { expect, test } from "bun:test";
import { imageConfig, labelsOf } from "../../../scripts/release/image/image-config.ts";
import { targets } from "../../../scripts/release/targets.ts";

const facts = { version: "1.2.3", commit: "abc", epoch: 1_790_000_000 };

test("the image runs flagd as an unprivileged user, and says when it is healthy", () => {
  const [target] = targets;
  if (!target) throw new Error("there are no targets");
  expect(imageConfig(target.architecture, facts, "00ff")).toMatchObject({
    architecture: "amd64",
    os: "linux",
    config: {
      User: "65532:65532",
      Entrypoint: ["/flagd"],
      Labels: { "org.opencontainers.image.version": "1.2.3" },
      Healthcheck: { Test: ["CMD", "/flagd", "health"], Interval: 30_000_000_000 },
    },
    rootfs: { diff_ids: ["sha256:00ff"] },
  });
});

test("the time of the image is that of the commit", () => {
  const [target] = targets;
  if (!target) throw new Error("there are no targets");
  expect(imageConfig(target.architecture, facts, "")).toHaveProperty(
    "created",
    new Date(facts.epoch * 1000).toISOString(),
  );
});

test("the image names the repository that it is released from, if there is one", () => {
  const source = "org.opencontainers.image.source";
  const repository = "https://example.com/flagd";
  expect(labelsOf({ ...facts, repository })[source]).toBe(repository);
  expect(labelsOf(facts)).not.toHaveProperty([source]);
});
