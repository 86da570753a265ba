// The least arithmetic of one element, in flops of the FMA limit: one vector instruction takes the
// slot of an FMA (2 flops), a transcendental about 14 instructions (reduction, polynomial, scaling),
// a division or a root its time in the divider.

export const lane = {
  simple: 2,
  transcendental: 28,
  divide: 14,
  root: 20,
} as const;
