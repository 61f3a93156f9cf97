/** The program behind `holdfast range --faults`. */
import { EnvironmentError } from '@holdfast/units';
import { type Answer, leaveJson } from '../answer.ts';
import { commitOf } from '../commit.ts';
import { columns } from '../report/text.ts';
import { type LifeReport, live } from './life.ts';
import { type Mutant, mutants } from './mutants.ts';

export interface FaultWishes {
  /** Lives are `SEED/0`, `SEED/1`, …; one with a stroke in it is that life alone. */
  readonly seed: string;
  /** Lives; 0: until the minutes are over. */
  readonly seeds: number;
  readonly minutes?: number | undefined;
  /** A fault of the node, by its name. */
  readonly mutant?: string | undefined;
  readonly out?: string | undefined;
}

/** Failed lives that are told in full; a broken node fails all of them. */
const toldMax = 20;

/** @throws EnvironmentError MutantUnknown */
function mutantOf(name: string | undefined): Mutant | undefined {
  const found = mutants.find((each) => each.name === name);
  if (name === undefined || found !== undefined) return found;
  const known = mutants.map((each) => each.name).join(', ');
  const message = `no mutant is called ${name}; there are ${known}`;
  throw new EnvironmentError('MutantUnknown', message, { retry: false });
}

const sums = ['steps', 'crashes', 'torn', 'reorgs', 'acked', 'settled'] as const;

/** Lives as many lives as were asked for. @throws EnvironmentError MutantUnknown */
export async function runFaults(
  wishes: FaultWishes,
  progress: (line: string) => void,
): Promise<Answer> {
  const mutant = mutantOf(wishes.mutant);
  const began = performance.now();
  const end = wishes.minutes === undefined ? Infinity : began + wishes.minutes * 60_000;
  const one = wishes.seed.includes('/');
  const count = one ? 1 : wishes.seeds === 0 ? Infinity : wishes.seeds;
  const total = Object.fromEntries(sums.map((name) => [name, 0])) as Record<string, number>;
  const failed: LifeReport[] = [];
  let lives = 0;
  let hash = '';
  for (; lives < count && (lives === 0 || performance.now() < end); lives++) {
    const life = await live(one ? wishes.seed : `${wishes.seed}/${lives}`, mutant);
    for (const name of sums) total[name] = (total[name] ?? 0) + life[name];
    hash = life.hash;
    if (life.problems.length > 0) failed.push(life);
    if (lives % 50 === 49) progress(`${lives + 1} lives, ${failed.length} failed`);
  }
  const commit = commitOf();
  const { seed } = wishes;
  const data = { seed, commit, lives, hash, ...total, mutant: mutant?.name, failed };
  await leaveJson(wishes.out, data);
  const head = ['lives', ...sums, 'failed', 's'];
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  const row = [lives, ...sums.map((name) => total[name] ?? 0), failed.length].map(String);
  const told = failed.slice(0, toldMax).map(({ seed: which, problems }) => {
    return `${which}: ${problems.slice(0, 4).join('; ')}`;
  });
  const text = [columns([head, [...row, seconds]]), ...told, `seed ${seed}, commit ${commit}`];
  return { data, text: text.join('\n\n'), failed: failed.map(({ seed: which }) => which) };
}
