// The sizes of the GPT that is trained here.

export const gptSizes = {
  batch: 8,
  time: 128,
  channels: 256,
  heads: 8,
  layers: 4,
  vocabulary: 512,
} as const;
