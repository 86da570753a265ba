// A canvas drawn in CSS pixels and sharp on every screen, and the style sheet's colours for it.

export interface Surface {
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
}

const sizes = new WeakMap<Element, { width: number; height: number }>();

/** Scar: asking for the size in every frame made the browser lay out the page in every frame. */
const observer = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) {
    sizes.set(target, { width: contentRect.width, height: contentRect.height });
  }
});

/** The cleared canvas; null while it has no size. */
export function cleared(canvas: HTMLCanvasElement): Surface | null {
  const size = sizes.get(canvas);
  if (!size) {
    observer.observe(canvas);
    sizes.set(canvas, { width: canvas.clientWidth, height: canvas.clientHeight });
    return null;
  }
  const context = canvas.getContext("2d");
  if (!context || size.width === 0) return null;
  const scale = window.devicePixelRatio;
  const width = Math.round(size.width * scale);
  const height = Math.round(size.height * scale);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, size.width, size.height);
  return { context, ...size };
}

const inkNames = ["ink", "quiet", "line", "raised", "workers", "main", "idle"] as const;

export type Inks = Readonly<Record<(typeof inkNames)[number], string>> & {
  /** One for each kernel of a program, used in turn. */
  readonly kernels: readonly string[];
};

const kernelInks = 6;
const scheme = window.matchMedia("(prefers-color-scheme: dark)");
let known: Inks | null = null;
scheme.addEventListener("change", () => {
  known = null;
});

export function onSchemeChange(listener: () => void): void {
  scheme.addEventListener("change", listener);
}

/** The custom properties of the style sheet, read again when the scheme changes. */
export function inks(): Inks {
  if (known) return known;
  const style = getComputedStyle(document.documentElement);
  const ink = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const named = Object.fromEntries(inkNames.map((name) => [name, ink(name)])) as Record<
    (typeof inkNames)[number],
    string
  >;
  const kernels = Array.from({ length: kernelInks }, (_, at) => ink(`kernel-${at}`));
  known = { ...named, kernels };
  return known;
}

export const smallType = '11px ui-sans-serif, system-ui, "Segoe UI", sans-serif';
