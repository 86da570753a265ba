// One composite in several variants. What its derivative reads is kept with a spec, so calls that read
// other inputs need specs of their own.

import type { Composite } from "../autograd/composite.ts";

/** The spec of the variant that is named; the same object each time. */
export function specVariants<Attrs>(spec: Composite<Attrs>): (name: string) => Composite<Attrs> {
  const known = new Map<string, Composite<Attrs>>();
  return (name) => {
    let own = known.get(name);
    if (!own) {
      own = { ...spec };
      known.set(name, own);
    }
    return own;
  };
}
