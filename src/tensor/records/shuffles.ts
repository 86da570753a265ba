// Records of channels and pixels shuffled; they stand in nn.functional too.

import { int, tensor } from "../../base/parameters.ts";
import * as shuffles from "../../functions/pixel-shuffles.ts";
import { family, functionOnly, on } from "./record.ts";

const x = tensor("input");

export const shuffleRecords = family({
  pixelShuffle: functionOnly(on([x, int("upscaleFactor")], shuffles.pixelShuffle)),
  pixelUnshuffle: functionOnly(on([x, int("downscaleFactor")], shuffles.pixelUnshuffle)),
  channelShuffle: functionOnly(on([x, int("groups")], shuffles.channelShuffle)),
});
