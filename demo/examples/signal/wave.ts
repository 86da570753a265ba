// The wave: two tones whose periods never meet, so that it never repeats itself.

const golden = (1 + Math.sqrt(5)) / 2;
const period = 24;

export function wave(time: number): number {
  const turn = (2 * Math.PI * time) / period;
  return 0.55 * Math.sin(turn) + 0.4 * Math.sin(turn / golden + 1);
}

export function waveFrom(begin: number, length: number): Float32Array {
  return Float32Array.from({ length }, (_, at) => wave(begin + at));
}
