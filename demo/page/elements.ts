// Elements of the page by id, and of a part of it by name, checked once: a wrong one is found when the
// page, or that part, opens.

export function element<T extends Element>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`page: no <${kind.name}> has the id "${id}"`);
  return found;
}

/** The element below `root` with data-part="name". */
export function part<T extends Element>(root: ParentNode, name: string, kind: new () => T): T {
  const found = root.querySelector(`[data-part="${name}"]`);
  if (!(found instanceof kind)) throw new Error(`page: no <${kind.name}> is the part "${name}"`);
  return found;
}

/** A copy of what the template with this id holds. */
export function copyOf(id: string): DocumentFragment {
  return document.importNode(element(id, HTMLTemplateElement).content, true);
}

/** Resolves after the browser has drawn a frame and answered what waited for it. */
export function nextFrame(): Promise<void> {
  return new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve));
  });
}
