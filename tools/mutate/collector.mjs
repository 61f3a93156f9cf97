/**
 * Stands for `node:test` where mutants are judged: what a test file describes is collected, so that
 * one test can be run alone and again. Only what the mutated packages' tests use is here; an import
 * of more fails by name.
 */
let collected = [];
let path = [];

/** What a test file describes in its body is collected at once. */
export function describe(name, ...rest) {
  path.push(name);
  rest.at(-1)();
  path.pop();
}

export function it(name, ...rest) {
  collected.push({ name: [...path, name].join(' › '), run: rest.at(-1) });
}

/** The tests of a file, which is loaded anew. */
export async function collect(load) {
  [collected, path] = [[], []];
  await load();
  return collected;
}
