/** Changes sequences: what was worth keeping is varied, not begun anew. */
import { invent, type Mind, pick } from './invent.ts';
import type { Step } from './steps.ts';

/** Steps of a sequence at the most. */
export const stepsMax = 24;

/** Honest events of a sequence keep their order; those that are not in it come at its end. */
export function fresh(mind: Mind, events: number): Step[] {
  const count = 3 + mind.random.below(9);
  const steps = Array.from({ length: count }, () => invent(mind));
  for (let i = 0; i < events; i++) {
    steps.splice(mind.random.below(steps.length + 1), 0, { do: 'honest' });
  }
  return steps;
}

function changeOne(mind: Mind, steps: Step[]): void {
  const { random } = mind;
  const at = random.below(steps.length + 1);
  const own = steps.flatMap(({ do: kind }, i) => (kind === 'honest' ? [] : [i]));
  switch (random.below(6)) {
    case 0:
    case 1:
      steps.splice(at, 0, invent(mind));
      return;
    case 2:
      if (own.length > 1) steps.splice(pick(random, own), 1);
      return;
    case 3:
      if (own.length > 0) steps[pick(random, own)] = invent(mind);
      return;
    case 4: {
      const again = own.length > 0 ? steps[pick(random, own)] : undefined;
      if (again !== undefined) steps.splice(at, 0, again);
      return;
    }
    default: {
      if (steps.length < 2) return;
      const [moved] = steps.splice(random.below(steps.length), 1);
      if (moved !== undefined) steps.splice(random.below(steps.length + 1), 0, moved);
    }
  }
}

/** A child of one sequence, or of two. */
export function breed(mind: Mind, one: readonly Step[], other: readonly Step[]): Step[] {
  const { random } = mind;
  let steps = [...one];
  if (random.chance(0.25)) {
    const part = other.filter(({ do: kind }) => kind !== 'honest');
    const from = random.below(part.length + 1);
    const taken = part.slice(from, from + 1 + random.below(4));
    steps.splice(random.below(steps.length + 1), 0, ...taken);
  }
  const changes = 1 + random.below(3);
  for (let i = 0; i < changes; i++) changeOne(mind, steps);
  while (steps.length > stepsMax) {
    const own = steps.findIndex(({ do: kind }) => kind !== 'honest');
    steps = steps.filter((_, i) => i !== own);
  }
  return steps;
}
