import type { Artifact } from "../documents.ts";

interface FormulaFacts {
  readonly version: string;
  /** Address of the repository, if there is a public one. */
  readonly repository?: string | undefined;
}

/**
 * The formula for Homebrew, for the tap of whoever publishes the archives.
 * @param downloads where they are: `https://…/v1.2.3`
 */
export function formula(
  { version, repository = "https://openfeature.dev" }: FormulaFacts,
  artifacts: readonly Artifact[],
  downloads: string,
): string {
  const archive = (system: string): string => {
    const name = `flagd-${version}-${system}.tar.gz`;
    const { sha256 } = artifacts.find((artifact) => artifact.name === name) ?? {};
    if (!sha256) throw new Error(`${name} is not there`);
    return `url "${downloads}/${name}"\n      sha256 "${sha256}"`;
  };
  return `class Flagd < Formula
  desc "Feature-flag daemon for OpenFeature that reads its flags from Redis"
  homepage "${repository}"
  version "${version}"
  license "Apache-2.0"

  on_macos do
    on_arm do
      ${archive("darwin-arm64")}
    end
    on_intel do
      ${archive("darwin-x64")}
    end
  end

  on_linux do
    on_arm do
      ${archive("linux-arm64")}
    end
    on_intel do
      ${archive("linux-x64")}
    end
  end

  def install
    bin.install "flagd"
    bash_completion.install "completions/flagd.bash" => "flagd"
    zsh_completion.install "completions/_flagd"
    fish_completion.install "completions/flagd.fish"
    man1.install "man/flagd.1"
  end

  service do
    run [opt_bin/"flagd", "start", "--listen", "127.0.0.1", "--uri", "redis://localhost:6379/0?key=flags"]
    keep_alive true
    log_path var/"log/flagd.log"
    error_log_path var/"log/flagd.log"
  end

  test do
    assert_match "flagd: #{version}", shell_output("#{bin}/flagd version")
  end
end
`;
}
