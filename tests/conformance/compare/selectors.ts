/** Values of the `Flagd-Selector` header. */

export const selectors = [
  "flagSetId=A",
  "flagSetId=B",
  "flagSetId=base",
  "flagSetId=",
  "flagSetId=zzz",
  "flagSetId=x=y",
  "source=flags.json",
  "flags.json",
  "source=base.json",
  "source=",
  "zzz",
];
export const oddSelectors = [
  "bogus=1",
  "=x",
  "FlagSetId=A",
  "flagSetId =A",
  "flagSetId=A,source=flags.json",
  "source",
  "source=zzz",
  "<x>=1",
  "",
];
