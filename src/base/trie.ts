// Trie: a table whose keys are paths of parts (names, numbers, objects). A path is followed part by part,
// so that finding what is known makes no garbage: no key is built to look it up.

type Part = string | number | boolean | object;

export class Trie<Value> {
  /** What is known of the path that ends here. */
  value: Value | null = null;
  private branches: Map<Part, Trie<Value>> | null = null;

  at(part: Part): Trie<Value> {
    this.branches ??= new Map();
    let branch = this.branches.get(part);
    if (!branch) {
      branch = new Trie();
      this.branches.set(part, branch);
    }
    return branch;
  }

  along(parts: readonly Part[]): Trie<Value> {
    let end: Trie<Value> = this;
    for (let at = 0; at < parts.length; at++) end = end.at(parts[at] as Part);
    return end;
  }
}
