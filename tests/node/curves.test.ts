// The training curves recorded in PyTorch: losses of every step, first gradients, last parameters; and
// the same bits when the steps are captured.

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { capture, configure, stats } from "../../src/index.ts";
import { type CurveModel, type CurveName, curveModels, curveNames } from "../curves/models.ts";
import { type Course, type Elements, trained, training } from "../curves/training.ts";

/** In float64 but for the losses in float32. */
interface Recorded {
  readonly float32: readonly number[];
  readonly float64: readonly number[];
  readonly firstGradNorms: readonly number[];
  readonly finalParamSums: readonly number[];
  readonly maxRelFloat32Drift: number;
}

const folder =
  process.env.SHARDGRAD_CURVES ?? fileURLToPath(new URL("../../../shared/curves", import.meta.url));
const file = `${folder}/curves.json`;
const isPresent = existsSync(file);
if (!isPresent) {
  console.warn(`SKIPPED: no curves at ${file}; set SHARDGRAD_CURVES to their folder`);
}

const recordedOf = (name: CurveName): Recorded =>
  (JSON.parse(readFileSync(file, "utf8")) as Record<CurveName, Recorded>)[name];

/** No run in float32 needs to be closer to a recorded one than this. */
const closestInFloat32 = 1e-5;

/** Of the runs in float64, which differ in the order of their sums: 2e-12 at most (cnn). */
const closeInFloat64 = 2e-11;

beforeAll(() => configure({ inline: true }));

describe.runIf(isPresent)("as in PyTorch", () => {
  test.each(curveNames)(
    "%s in float32",
    async (name) => {
      const model = curveModels[name]();
      const recorded = recordedOf(name);
      const course = await trained(training(name, "float32"), model.steps);
      const near = Math.max(10 * recorded.maxRelFloat32Drift, closestInFloat32);
      expectLosses(course, recorded.float32, near);
      const isWholeStill = (at: number): boolean =>
        sizeOf(model, at) === model.still[at]?.reduce((from, to) => to - from);
      course.firstGradNorms.forEach((found, at) => {
        const wanted = recorded.firstGradNorms[at] as number;
        if (isWholeStill(at)) expect(found, `gradient of parameter ${at}`).toBeLessThan(1e-6);
        else expectNear(found, wanted, closestInFloat32 * wanted, `gradient of parameter ${at}`);
      });
      const moved = course.final.map((values, at) => {
        const [from, to] = model.still[at] ?? [0, 0];
        return [...values.subarray(0, from), ...values.subarray(to)];
      });
      expectSums(moved, recorded, near);
    },
    60_000,
  );

  test.each(curveNames)(
    "%s in float64",
    async (name) => {
      const { steps } = curveModels[name]();
      const recorded = recordedOf(name);
      const course = await trained(training(name, "float64"), steps);
      expectLosses(course, recorded.float64, closeInFloat64);
      course.firstGradNorms.forEach((found, at) => {
        const wanted = recorded.firstGradNorms[at] as number;
        expectNear(found, wanted, 1e-14 + 1e-13 * wanted, `gradient of parameter ${at}`);
      });
      expectSums(course.final, recorded, closeInFloat64);
    },
    60_000,
  );
});

test.each(["mlp", "cnn", "gpt"] as const)(
  "%s captured has the bits of the recorded steps",
  async (name) => {
    const plain = await trained(training(name), 20);
    const { replays } = stats();
    const again = training(name);
    const captured = await trained(again, 20, capture(again.step));
    // The first steps are recorded: momentum begins with the second.
    expect(stats().replays - replays).toBeGreaterThanOrEqual(16);
    expect(captured).toEqual(plain);
  },
);

const sizeOf = ({ weights }: CurveModel, at: number): number => weights[at]?.values.length ?? 0;

function expectNear(found: number, wanted: number, near: number, what: string): void {
  const isNear = Math.abs(found - wanted) <= near;
  expect(isNear, `${what}: ${found}, recorded ${wanted}, allowed ±${near}`).toBe(true);
}

function expectLosses({ losses }: Course, wanted: readonly number[], near: number): void {
  expect(losses).toHaveLength(wanted.length);
  wanted.forEach((loss, step) => {
    expectNear(losses[step] as number, loss, near * loss, `loss of step ${step}`);
  });
}

/** Relative to the sum of magnitudes; what stays at 0 but for rounding noise is within 1e-9 of it. */
function expectSums(
  final: readonly (Elements | readonly number[])[],
  { finalParamSums }: Recorded,
  near: number,
): void {
  expect(final).toHaveLength(finalParamSums.length);
  finalParamSums.forEach((wanted, at) => {
    const values = [...(final[at] as Elements)];
    const sum = values.reduce((sum, value) => sum + value, 0);
    const magnitude = values.reduce((sum, value) => sum + Math.abs(value), 0);
    expectNear(sum, wanted, 1e-9 + near * magnitude, `sum of parameter ${at}`);
  });
}
