// Elements of the page by id, checked once: a wrong id is found when the page opens.

export function element<T extends Element>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`page: no <${kind.name}> has the id "${id}"`);
  return found;
}

/** Resolves after the browser has drawn a frame and answered what waited for it. */
export function nextFrame(): Promise<void> {
  return new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve));
  });
}
