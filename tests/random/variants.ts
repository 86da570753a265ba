// One program asked for in several ways: what it computes must have the same bits each time.

import type { TypedArray } from "../../src/index.ts";
import { build, type Choices } from "./arbitrary.ts";
import { run } from "./check.ts";
import { type Program, printed, type Statement } from "./program.ts";

const isRequest = ({ kind }: Statement): boolean => ["realize", "read", "turn"].includes(kind);

const lazily = (statements: readonly Statement[]): Statement[] =>
  statements.filter((statement) => !isRequest(statement));

/** Every tensor is realized as soon as it is made: nothing is fused. */
function eagerly(statements: readonly Statement[]): Statement[] {
  return lazily(statements).flatMap((statement): Statement[] => {
    const made = "result" in statement ? statement.result : null;
    return made === null
      ? [statement]
      : [statement, { kind: "realize", of: [made], isAwaited: true }];
  });
}

/** The tensors that are compared, in the program as it is and in others that must give the same. */
function variants({ statements }: Program, all: readonly number[]): Record<string, Program[]> {
  const isAlone = all.slice(-3);
  return {
    "asked for with all others": [{ statements: lazily(statements), wanted: all }],
    "asked for alone": isAlone.map((id) => ({ statements: lazily(statements), wanted: [id] })),
    "computed statement by statement": [{ statements: eagerly(statements), wanted: all }],
  };
}

function differs(a: TypedArray, b: TypedArray): number {
  return a.findIndex((value, at) => !Object.is(value, b[at]));
}

export async function checkVariants(choices: readonly Choices[]): Promise<void> {
  const built = build(choices);
  const { statements } = built.program;
  const all = built.builder.all;
  const expected = (await run({ statements, wanted: all })).wanted;
  for (const [how, programs] of Object.entries(variants(built.program, all))) {
    for (const program of programs) {
      for (const [id, values] of (await run(program)).wanted) {
        const at = differs(values, expected.get(id) as TypedArray);
        if (at < 0) continue;
        const text = printed({ statements, wanted: program.wanted });
        throw new Error(
          `${text}\n// t${id}[${at}] is ${values[at]} ${how}, ${expected.get(id)?.[at]} as written`,
        );
      }
    }
  }
}
