/** The program behind `holdfast range --adversary`. */
import { readFileSync } from 'node:fs';
import { EnvironmentError } from '@holdfast/units';
import { z } from 'zod';
import { type Answer, leaveJson } from '../answer.ts';
import { commitOf } from '../commit.ts';
import { amount, columns } from '../report/text.ts';
import { Range } from '../run.ts';
import { compileAblated, install } from '../world/ablate.ts';
import type { World } from '../world/world.ts';
import { choicesOf, type HuntResult, hunt, judgeLife, type Prey } from './hunt.ts';
import { type Ground, type Life, play } from './play.ts';
import { boundOf, dayOf, furnish, huntAblations, huntTerms, roleSets } from './stage.ts';
import { type Role, roleNames, type Step } from './steps.ts';
import { targetsOf } from './targets.ts';

export interface AdversaryWishes {
  readonly seed: string;
  /** How many, each with the next set of captured roles; 0: until the minutes are over. */
  readonly seeds: number;
  /** Steps that each seed plays. */
  readonly steps: number;
  /** Most that all take together. */
  readonly minutes?: number | undefined;
  /** Roles of every seed, instead of the next set. */
  readonly roles?: readonly string[] | undefined;
  /** A control that is switched off, by its name. */
  readonly ablate?: string | undefined;
  /** A story to play again. */
  readonly replay?: string | undefined;
  /** Where a finding is written. */
  readonly out?: string | undefined;
}

/** A finding, as it is written and played again. */
const storyShape = z.object({
  kind: z.literal('holdfast range --adversary'),
  seed: z.string(),
  commit: z.string(),
  roles: z.array(z.enum(roleNames)),
  ablate: z.string().nullable(),
  /** Steps as in `adversary/steps.ts`. */
  steps: z.array(z.looseObject({ do: z.string() })),
  problems: z.array(z.string()),
  timeline: z.array(z.string()),
});
export type Story = z.infer<typeof storyShape>;

/** The ground of a seed and the life in which nobody attacks. */
export async function prepare(
  range: Range,
  name: string,
  roles: readonly Role[],
  ablate?: string | undefined,
): Promise<{ ground: Ground; control: Life; bound: bigint }> {
  const world: World = await range.stage({ name, terms: huntTerms, before: furnish });
  if (ablate !== undefined) await switchOff(range, world, ablate);
  const memory = structuredClone(world.memory);
  const day = dayOf(name);
  const snapshot = (await world.rpc('evm_snapshot')) as string;
  const first: Ground = { world, roles, day, memory, snapshot, reference: memory.prices };
  await play(first, [], false);
  const ground: Ground = { ...first, reference: new Map(world.memory.prices) };
  return { ground, control: await play(ground, [], true), bound: boundOf(world, roles) };
}

/** @throws EnvironmentError AblationUnknown */
async function switchOff(range: Range, world: World, name: string): Promise<void> {
  const found = huntAblations.find((each) => each.name === name);
  if (found === undefined) {
    const known = huntAblations.map((each) => each.name).join(', ');
    const message = `no control is called ${name}; there are ${known}`;
    throw new EnvironmentError('AblationUnknown', message, { retry: false });
  }
  const codes = await compileAblated(range.compiler, found.contracts, found.edits);
  await install(world.rpc, world.placed, codes);
}

interface Row extends HuntResult {
  readonly seed: string;
  readonly roles: readonly Role[];
  readonly bound: bigint;
  readonly ms: number;
}

const usd = (value: bigint): string => amount(value, 'quote');

function rowsText(rows: readonly Row[]): string {
  const head = ['seed', 'captured', 'lives', 'steps', 'answers', 'best', 'allowed', 's', ''];
  return columns([
    head,
    ...rows.map(({ seed, roles, lives, steps, marks, best, bound, ms, prey }) => [
      seed,
      roles.join('+') || 'nothing',
      ...[lives, steps, marks].map(String),
      usd(best),
      usd(bound),
      (ms / 1_000).toFixed(1),
      prey === undefined ? 'held' : 'FOUND',
    ]),
  ]);
}

function storyOf(row: Row, prey: Prey, ablate: string | undefined, commit: string): Story {
  return {
    kind: 'holdfast range --adversary',
    seed: row.seed,
    commit,
    roles: [...row.roles],
    ablate: ablate ?? null,
    steps: prey.steps as unknown as Story['steps'],
    problems: [...prey.verdict.problems],
    timeline: [...prey.life.lines],
  };
}

/** @throws EnvironmentError RoleUnknown */
function rolesOf(names: readonly string[] | undefined): readonly Role[] | undefined {
  const known: readonly string[] = roleNames;
  const strange = names?.filter((name) => !known.includes(name)) ?? [];
  if (strange.length === 0) return names as readonly Role[] | undefined;
  const message = `nobody holds ${strange.join(', ')}; there are ${known.join(', ')}`;
  throw new EnvironmentError('RoleUnknown', message, { retry: false });
}

/**
 * Hunts, or plays a story again.
 *
 * @throws EnvironmentError StoryUnreadable, AblationUnknown, RoleUnknown
 */
export async function runAdversary(
  wishes: AdversaryWishes,
  progress: (line: string) => void,
): Promise<Answer> {
  if (wishes.replay !== undefined) return replay(wishes.replay, progress);
  const captured = rolesOf(wishes.roles);
  const began = performance.now();
  const end = wishes.minutes === undefined ? Infinity : began + wishes.minutes * 60_000;
  const isOver = (): boolean => performance.now() > end;
  const count = wishes.seeds === 0 ? Infinity : wishes.seeds;
  const range = await Range.open({ seed: wishes.seed, progress });
  const commit = commitOf();
  const rows: Row[] = [];
  const stories: Story[] = [];
  try {
    for (let i = 0; i < count && (i === 0 || !isOver()); i++) {
      const seed = `${wishes.seed}/${i}`;
      const roles = captured ?? roleSets[i % roleSets.length] ?? [];
      progress(`${seed}: ${roles.join(', ') || 'no captured key'}`);
      const row = await huntSeed(range, seed, roles, wishes, isOver);
      rows.push(row);
      if (row.prey !== undefined) stories.push(storyOf(row, row.prey, wishes.ablate, commit));
    }
  } finally {
    await range.close();
  }
  if (stories[0] !== undefined) await leaveJson(wishes.out, stories[0]);
  const told = stories.map((story) =>
    [`${story.seed}: ${story.problems.join('; ')}`, ...story.timeline].join('\n  '),
  );
  const { seed } = wishes;
  const text = [rowsText(rows), ...told, `seed ${seed}, commit ${commit}`].join('\n\n');
  const data = { seed, commit, rows: rows.map(plain), stories };
  return { data, text, failed: stories.map(({ seed: which }) => which) };
}

const plain = ({ prey, ...row }: Row) => ({ ...row, found: prey !== undefined });

async function huntSeed(
  range: Range,
  seed: string,
  roles: readonly Role[],
  { steps, ablate }: AdversaryWishes,
  isOver: () => boolean,
): Promise<Row> {
  const began = performance.now();
  const { ground, control, bound } = await prepare(range, seed, roles, ablate);
  const mind = { random: choicesOf(seed), targets: targetsOf(ground.world.stack), roles };
  const result = await hunt({ ground, control, bound, mind, steps, isOver });
  return { seed, roles, bound, ms: performance.now() - began, ...result };
}

function readStory(path: string): Story {
  try {
    return storyShape.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    const message = `${path} is no story of an adversary: ${String(error)}`;
    throw new EnvironmentError('StoryUnreadable', message, { retry: false });
  }
}

async function replay(path: string, progress: (line: string) => void): Promise<Answer> {
  const story = readStory(path);
  const range = await Range.open({ seed: story.seed.split('/')[0] ?? '1', progress });
  try {
    const ablate = story.ablate ?? undefined;
    const { ground, control, bound } = await prepare(range, story.seed, story.roles, ablate);
    const life = await play(ground, story.steps as unknown as Step[], true);
    const { problems, gained, lost } = judgeLife(life, control, bound);
    const told = problems.length > 0 ? problems : ['nothing is broken'];
    const sums = `attackers gained ${usd(gained)}, others lost ${usd(lost)}`;
    const found = `seed ${story.seed}, commit ${commitOf()} (found at ${story.commit})`;
    const text = [...life.lines, sums, ...told, `last block ${life.finalHash}`, found].join('\n');
    const data = { story, gained, lost, problems, finalHash: life.finalHash };
    return { data, text, failed: problems.length > 0 ? [story.seed] : [] };
  } finally {
    await range.close();
  }
}
