import { checks, type Input, type Law, type LawName, sampler } from '@holdfast/laws';

/** mulberry32: numbers in [0, 1) that follow from a seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The generated function of a law, for inputs without a static type. */
export function fast(law: Law): (input: Input) => boolean {
  return checks[law.name as LawName] as (input: never) => boolean as (input: Input) => boolean;
}

/** At least `count` inputs of a law near its boundaries. */
export function inputsOf(law: Law, count: number, seed = 20_260_101): Input[] {
  const next = sampler(law, fast(law), seeded(seed + Number(law.id.slice(1))));
  const inputs: Input[] = [law.example];
  while (inputs.length < count) inputs.push(...next());
  return inputs.slice(0, count);
}
