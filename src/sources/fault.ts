/** Why a source got no flags, in words for the operator, without credentials. */
export class SourceFault extends Error {
  override readonly name = "SourceFault";
  /** No retry can mend it, only the operator: at start the daemon ends with it. */
  readonly hopeless: boolean;

  constructor(message: string, { hopeless = false }: { readonly hopeless?: boolean } = {}) {
    super(message);
    this.hopeless = hopeless;
  }
}
