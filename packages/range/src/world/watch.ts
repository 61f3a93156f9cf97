/** A sentinel over the world, moved by hand: one look a block, and nothing in between. */
import { silentLogger, type Venue } from '@holdfast/host';
import {
  type ActiveRule,
  chooseRules,
  openSentinel,
  type RuleChoices,
  type Sentinel,
  type SentinelConfig,
} from '@holdfast/sentinel';
import type { Ground } from './ground.ts';

export interface WatchOptions {
  /** Whose key it acts with; none: it watches and tells. */
  readonly guardian?: string;
  /** The rules that come with a sentinel run beside the laws, with what is decided about them. */
  readonly rules?: boolean | RuleChoices;
  readonly config?: SentinelConfig;
  /** It sees nothing while this is true. */
  readonly blind?: () => boolean;
}

export interface Watch {
  readonly sentinel: Sentinel;
  /** Laws that did not hold, by number and title. */
  readonly broken: ReadonlySet<string>;
  /** Looks at what there is up to this block. */
  step(block: number): Promise<void>;
}

/** Who judges the laws of every run; it tells nobody. */
export const observer = 'observer';

/** Findings that are worth a person's time. */
const alarming = new Set(['medium', 'high', 'critical']);

/** Opens a sentinel that looks after every block that the world mines from now on. */
export async function openWatch(world: Ground, options: WatchOptions = {}): Promise<Watch> {
  const { guardian, config = {}, blind } = options;
  const name = guardian ?? observer;
  const broken = new Set<string>();
  const told = new Set<string>();
  let now = 0;
  const { rules: wish = false } = options;
  const chosen = wish === false ? [] : chooseRules([], wish === true ? {} : wish);
  const rules: ActiveRule[] = chosen.map(({ module, settings = {}, shadow = false }) => {
    return { rule: module.rule, settings, shadow };
  });
  const sentinel = await openSentinel({
    name,
    venue: world.venue as Venue,
    config: { endpoints: [{ http: world.venue.rpcUrl, ws: 'none' }], ...config },
    account: guardian === undefined ? undefined : world.key(guardian),
    rules,
    watchesPool: false,
    logger: silentLogger(),
    onFound: ({ finding }) => {
      const { rule, title, key, severity, tier, evidence } = finding;
      if (tier === 'law') broken.add(`${String(evidence.law ?? rule)} ${title}`);
      if (!alarming.has(severity) || told.has(`${rule}/${key}`)) return;
      told.add(`${rule}/${key}`);
      world.note('alarm', name, title, severity, now);
    },
  });
  return {
    sentinel,
    broken,
    step: async (block) => {
      now = block;
      if (blind?.() === true) return;
      await sentinel.engine.step();
    },
  };
}
