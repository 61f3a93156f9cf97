/**
 * Looks for a sequence that pays: what brought the attackers most and what did something new is
 * kept and varied. What breaks a bound is shortened until every step of it is needed.
 */
import { createRandom } from '@holdfast/trader';
import { type Mind, pick } from './invent.ts';
import { breed, fresh } from './mutate.ts';
import { type Ground, type Life, play } from './play.ts';
import type { Step } from './steps.ts';

/** Quote units that rounding may move between others and attackers in a life. */
export const dustQuote = 1_000n;
const bestMax = 10;
const newMax = 80;
/** Laws are judged in lives that did something new, and in every sixteenth of the others. */
const watchedEvery = 16;
/** Lives that shortening may take. */
const shrinkLivesMax = 160;

export interface Verdict {
  /** Against the life in which the attackers do nothing, quote units. */
  readonly gained: bigint;
  readonly lost: bigint;
  readonly problems: readonly string[];
}

/** Judges a life by one without an attacker. @param bound most that the captured roles allow */
export function judgeLife(life: Life, control: Life, bound: bigint): Verdict {
  const gained = life.worth.attackers - control.worth.attackers;
  const lost = control.worth.others - life.worth.others;
  const problems = life.lawsBroken.map((law) => `law ${law} did not hold`);
  if (gained > bound + dustQuote) problems.push(`attackers gained ${gained}, allowed ${bound}`);
  if (lost > bound + dustQuote) problems.push(`others lost ${lost}, allowed ${bound}`);
  return { gained, lost, problems };
}

export interface Hunt {
  readonly ground: Ground;
  readonly control: Life;
  readonly bound: bigint;
  readonly mind: Mind;
  /** Steps to be played in all. */
  readonly steps: number;
  /** Whether time is over. */
  readonly isOver: () => boolean;
}

export interface Prey {
  readonly steps: readonly Step[];
  readonly verdict: Verdict;
  readonly life: Life;
}

export interface HuntResult {
  readonly lives: number;
  readonly steps: number;
  /** Different things that the venue did or refused. */
  readonly marks: number;
  readonly best: bigint;
  readonly prey: Prey | undefined;
}

interface Kept {
  readonly steps: readonly Step[];
  readonly gained: bigint;
}

class Corpus {
  readonly best: Kept[] = [];
  readonly new: Kept[] = [];
  readonly seen = new Set<string>();

  /** @returns whether the venue took something that it never took before */
  take(kept: Kept, marks: ReadonlySet<string>): boolean {
    const found = [...marks].filter((mark) => !this.seen.has(mark));
    for (const mark of found) this.seen.add(mark);
    // What the venue refuses changes nothing.
    const isNew = found.some((mark) => mark.endsWith(': ok'));
    if (isNew) this.new.push(kept);
    if (this.new.length > newMax) this.new.shift();
    this.best.push(kept);
    this.best.sort((a, b) => Number(b.gained - a.gained));
    this.best.splice(bestMax);
    return isNew;
  }

  next(mind: Mind, events: number): Step[] {
    const { random } = mind;
    if (this.best.length === 0 || random.chance(0.15)) return fresh(mind, events);
    const parent = (): Kept =>
      random.chance(0.55) || this.new.length === 0
        ? pick(random, this.best)
        : pick(random, this.new);
    return breed(mind, parent().steps, parent().steps);
  }
}

/** Goes on until the steps are played, the time is over, or something was found. */
export async function hunt(wish: Hunt): Promise<HuntResult> {
  const { ground, control, bound, mind, isOver } = wish;
  const corpus = new Corpus();
  let [lives, steps, best] = [0, 0, 0n];
  let prey: Prey | undefined;
  while (steps < wish.steps && !isOver() && prey === undefined) {
    const sequence = corpus.next(mind, ground.day.length);
    let life = await play(ground, sequence, false);
    let verdict = judgeLife(life, control, bound);
    const isNew = corpus.take({ steps: sequence, gained: verdict.gained }, life.marks);
    if (verdict.problems.length === 0 && (isNew || lives % watchedEvery === 0)) {
      life = await play(ground, sequence, true);
      verdict = judgeLife(life, control, bound);
    }
    lives += 1;
    steps += sequence.length;
    if (verdict.gained > best) best = verdict.gained;
    if (verdict.problems.length > 0) prey = { steps: sequence, verdict, life };
  }
  if (prey !== undefined) prey = await shrink(wish, prey);
  return { lives, steps, best, marks: corpus.seen.size, prey };
}

/** Leaves out whatever the finding does not need, in halves, then one by one. */
export async function shrink(wish: Hunt, found: Prey): Promise<Prey> {
  const { ground, control, bound } = wish;
  // Where money is gone, money shows it; else it takes the laws.
  const isWatched = found.verdict.gained <= bound && found.verdict.lost <= bound;
  let prey = found;
  let lives = 0;
  for (let size = Math.ceil(prey.steps.length / 2); size >= 1; ) {
    let shorter = false;
    for (let at = prey.steps.length - 1; at >= 0 && lives < shrinkLivesMax; at -= size) {
      const from = Math.max(0, at - size + 1);
      const steps = prey.steps.filter((_, i) => i < from || i > at);
      const life = await play(ground, steps, isWatched);
      const verdict = judgeLife(life, control, bound);
      lives += 1;
      if (verdict.problems.length === 0) continue;
      prey = { steps, verdict, life };
      shorter = true;
    }
    if (size > 1) size = Math.floor(size / 2);
    else if (!shorter || lives >= shrinkLivesMax) break;
  }
  return prey;
}

/** The stream of choices of a seed. */
export const choicesOf = (seed: string) => createRandom(`${seed}/adversary`);
