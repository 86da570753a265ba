// Colours of the style sheet as numbers.

/** "#0d7a72" → [13, 122, 114] */
export function rgb(hex: string): readonly [red: number, green: number, blue: number] {
  const bits = Number.parseInt(hex.slice(1), 16);
  return [bits >> 16, (bits >> 8) & 255, bits & 255];
}
