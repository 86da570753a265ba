// The sources of the models as a user of the library would write them: the library by its name.

const files: Readonly<Record<string, string>> = import.meta.glob("../models/*.ts", {
  query: "?raw",
  import: "default",
  eager: true,
});

export function sourceOf(model: string): string {
  const source = files[`../models/${model}.ts`];
  if (source === undefined) throw new Error(`page: there is no model "${model}"`);
  return source
    .replace('"../../src/index.ts"', '"shardgrad"')
    .replace(/"\.\.\/\.\.\/src\/(\w+)\.ts"/g, '"shardgrad/$1"');
}
