/** The fewest parties that could steal, halt or censor: exact, where thresholds share keys, too. */
import type { Facts } from './facts.ts';

/** Parties of which so many together act as one. */
export type Body = {
  readonly name: string;
  readonly members: readonly string[];
  readonly need: number;
};

export type Goal = 'steal' | 'halt' | 'censor';

/** One way to a goal: all bodies must act. */
export type Route = {
  readonly goal: Goal;
  readonly bodies: readonly Body[];
  readonly does: string;
  /** From when it has an effect, seconds after it begins. */
  readonly afterSeconds: number;
  /** How long it lasts at most, seconds; undefined: until somebody acts. */
  readonly lastsSeconds?: number;
  /** What ends or limits it. */
  readonly until: string;
};

export type Smallest = Route & { readonly parties: readonly string[] };

/** All ways to choose `need` of a list. */
function* choices(list: readonly string[], need: number): Generator<readonly string[]> {
  if (need === 0) {
    yield [];
    return;
  }
  for (let i = 0; i + need <= list.length; i++) {
    for (const rest of choices(list.slice(i + 1), need - 1)) yield [list[i] as string, ...rest];
  }
}

/**
 * The smallest set of parties in which every body has as many as it needs. A key that sits in two
 * bodies counts once. Bodies have at most 20 members, and few routes have more than one.
 */
export function smallestSet(bodies: readonly Body[]): readonly string[] | undefined {
  let best: readonly string[] | undefined;
  const search = (at: number, chosen: ReadonlySet<string>): void => {
    if (best !== undefined && chosen.size >= best.length) return;
    const body = bodies[at];
    if (body === undefined) {
      best = [...chosen];
      return;
    }
    const members = [...new Set(body.members)];
    const inside = members.filter((each) => chosen.has(each));
    const missing = Math.max(0, body.need - inside.length);
    const outside = members.filter((each) => !chosen.has(each));
    if (missing > outside.length) return;
    // Whoever sits in a later body, too, may save a party there: all choices are tried.
    const later = new Set(bodies.slice(at + 1).flatMap((each) => each.members));
    const useful = outside.filter((each) => later.has(each));
    const plain = outside.filter((each) => !later.has(each)).slice(0, missing);
    for (const more of choices([...useful, ...plain], missing)) {
      search(at + 1, new Set([...chosen, ...more]));
    }
  };
  search(0, new Set());
  return best;
}

/** Parties of a committee, of which a chain knows only how many they are. */
const seats = (name: string, size: number): string[] =>
  Array.from({ length: size }, (_, i) => `${name} party ${i + 1}`);

/** Who brings prices, and how many of them are enough. */
function reportersOf({ verifier, committees }: Facts): Body | undefined {
  if (verifier.kind === 'quorum') {
    return { name: 'reporters', members: verifier.signers, need: verifier.quorum };
  }
  if (verifier.kind === 'unknown') return undefined;
  const found = committees?.list.find(({ id }) => id === verifier.id);
  if (found === undefined) return undefined;
  return {
    name: `${found.name} committee`,
    members: seats(`${found.name} committee`, found.size),
    need: found.threshold,
  };
}

/**
 * Reporters enough to say what a price is. The chain takes the lower median of a quorum's
 * observations: half of the quorum, beside honest observations of the round, which anybody has. The
 * parties of a committee look at the median before they sign it.
 */
const lying = (body: Body, { verifier }: Facts): Body =>
  verifier.kind === 'quorum' ? { ...body, need: Math.ceil(body.need / 2) } : body;

/** Votes, if it is they that govern now. */
export const votingNow = ({ voting, governor }: Facts): Facts['voting'] =>
  voting?.access === governor.address ? voting : undefined;

/** Seconds from a proposal until it can be executed; nothing for a key. */
export function leadSeconds(facts: Facts, way: 'tighten' | 'loosen'): number {
  const voting = votingNow(facts);
  if (voting === undefined) return 0;
  const { votingDelaySeconds, votingPeriodSeconds, loosenDelaySeconds } = voting;
  const votes = votingDelaySeconds + votingPeriodSeconds;
  return way === 'tighten' ? votes : votes + loosenDelaySeconds;
}

/** The governor as a body: its key, so many owners of a multisig, or so many seats. */
export function governorOf(facts: Facts): Body {
  const { address, owners, threshold } = facts.governor;
  const voting = votingNow(facts);
  if (voting?.isCouncil) {
    return { name: 'seats of the council', members: voting.seats, need: Number(voting.quorum) };
  }
  if (voting) {
    const members = [`whoever has ${voting.quorum} of ${voting.total} votes`];
    return { name: 'holders of votes', members, need: 1 };
  }
  if (owners === undefined) return { name: 'governor', members: [address], need: 1 };
  return { name: 'governor', members: owners, need: threshold ?? owners.length };
}

/** So few that the others are not enough. */
const blocking = (body: Body): Body => ({
  ...body,
  need: body.members.length - body.need + 1,
});

function stealing(facts: Facts): Route[] {
  const goal = 'steal';
  const governor = governorOf(facts);
  const reporters = reportersOf(facts);
  const treasury = facts.committees?.list.find(({ name }) => name === 'treasury');
  const routes: Route[] = [
    {
      goal,
      bodies: [governor],
      does: 'replace whose word a price is, and trade against false prices',
      afterSeconds: leadSeconds(facts, 'loosen') + facts.verifierDelaySeconds,
      until: votingNow(facts)
        ? 'more than half of the guardians veto; whoever leaves in the delay loses nothing'
        : 'whoever leaves within the delay loses nothing; then the vault’s windows',
    },
  ];
  if (reporters) {
    routes.push({
      goal,
      bodies: [lying(reporters, facts)],
      does: 'sign false prices and trade against them',
      afterSeconds: 0,
      until: 'band in each report; the vault’s windows; the governor revokes or replaces them',
    });
  }
  if (treasury && facts.treasury) {
    const name = 'treasury committee';
    routes.push({
      goal,
      bodies: [{ name, members: seats(name, treasury.size), need: treasury.threshold }],
      does: 'pay protocol funds to themselves (no money of users)',
      afterSeconds: facts.treasury.smallDelaySeconds,
      until: 'limits of 24 hours; governor or one guardian vetoes in the delay',
    });
  }
  return routes;
}

function halting(facts: Facts): Route[] {
  const goal = 'halt';
  const reporters = reportersOf(facts);
  const routes: Route[] = [
    {
      goal,
      bodies: [{ name: 'sequencer', members: [facts.sequencer.address], need: 1 }],
      does: 'settle nothing: matching stops, forced requests and withdrawals go on',
      afterSeconds: 0,
      until: 'the governor names another one, after the parameters’ delay',
    },
    {
      goal,
      bodies: [governorOf(facts)],
      does: 'name no sequencer, or revoke the oracle committee’s key',
      afterSeconds: leadSeconds(facts, 'tighten'),
      until: 'silence of prices lets anyone freeze the venue, and everybody leaves',
    },
  ];
  if (reporters) {
    routes.push({
      goal,
      bodies: [blocking(reporters)],
      does: 'report nothing: prices go stale and nobody trades',
      afterSeconds: 0,
      until: 'the governor replaces them; silence lets anyone freeze, and everybody leaves',
    });
  }
  return [...routes, ...steering(facts), ...guarding(facts)];
}

/** What a steward's key can shut: growth, by its smallest cap. */
function steering({ steward }: Facts): Route[] {
  const { operator, terms } = steward ?? {};
  if (operator === undefined || terms === undefined) return [];
  const part = `${terms.capMinPpm / 10_000} % of the anchor`;
  return [
    {
      goal: 'halt',
      bodies: [{ name: 'key of the steward', members: [operator], need: 1 }],
      does: `lower caps on open interest step by step to ${part}: nobody grows above it`,
      afterSeconds: 0,
      until: 'the governor dismisses it; a tuple that is not renewed decays to the anchor',
    },
  ];
}

const daySeconds = 86_400;

/** How many guardians keep one tightening in force for ever: each rests as long as it holds. */
function inTurn({ breaker: { holdSecondsMax, tighteningsMax } }: Facts): number {
  const share = Math.min(daySeconds / 2, holdSecondsMax * tighteningsMax);
  return Math.ceil(daySeconds / share);
}

function guarding(facts: Facts): Route[] {
  const goal = 'halt';
  const { breaker, guardians } = facts;
  if (guardians.length === 0) return [];
  const body = (need: number): Body[] => [{ name: 'guardians', members: guardians, need }];
  const routes: Route[] = [
    {
      goal,
      bodies: body(1),
      does: 'stop growth (level 1); closing, liquidation and forced requests go on',
      afterSeconds: 0,
      lastsSeconds: breaker.holdSecondsMax,
      until: 'expires by itself, then the guardian rests as long; the governor removes it',
    },
    {
      goal,
      bodies: body(inTurn(facts)),
      does: 'stop growth (level 1) in turn, one resting while another holds',
      afterSeconds: 0,
      until: 'the governor removes them',
    },
    {
      goal,
      bodies: body(breaker.quorum),
      does: 'halt (level 3): orders flagged reduce-only alone, no liquidation; deposits stay open',
      afterSeconds: 0,
      lastsSeconds: breaker.haltSecondsMax,
      until: 'expires by itself, then the quorum rests twice as long; the governor removes them',
    },
  ];
  if (breaker.silenceSeconds === 0) return routes;
  routes.push({
    goal,
    bodies: body(guardians.length),
    does: 'beat no more, so that anyone stops growth (level 1)',
    afterSeconds: breaker.silenceSeconds,
    lastsSeconds: breaker.haltSecondsMax,
    until: 'one beat; expires by itself, then not for as long',
  });
  return routes;
}

function censoring(facts: Facts): Route[] {
  const goal = 'censor';
  const { deadlineSeconds } = facts.forced;
  const routes: Route[] = [
    {
      goal,
      bodies: [{ name: 'sequencer', members: [facts.sequencer.address], need: 1 }],
      does: 'leave out orders and requests of an account',
      afterSeconds: 0,
      lastsSeconds: deadlineSeconds,
      until: 'anyone executes the account’s forced request from its deadline on',
    },
  ];
  return [...routes, ...withholding(facts)];
}

/** What guardians can keep from accounts: direct withdrawals, growth, one large withdrawal. */
function withholding({ breaker, guardians, vault }: Facts): Route[] {
  if (guardians.length === 0) return [];
  const { holdSecondsMax, haltSecondsMax, quorum } = breaker;
  const route = (need: number, does: string, lastsSeconds: number, until: string): Route => ({
    goal: 'censor',
    bodies: [{ name: 'guardians', members: guardians, need }],
    does,
    afterSeconds: 0,
    lastsSeconds,
    until,
  });
  const queue = 'forced requests ask no breaker and take their deadline';
  return [
    route(1, 'refuse direct withdrawals but small ones, of everybody', holdSecondsMax, queue),
    route(quorum, 'refuse all direct withdrawals, of everybody', haltSecondsMax, queue),
    route(
      quorum,
      'bar accounts from growing or flipping positions',
      haltSecondsMax,
      'expires by itself; they close, deposit and withdraw',
    ),
    route(
      Math.floor(guardians.length / 2) + 1,
      'veto one large withdrawal of an account',
      vault.vetoSeconds,
      'it goes back to its account, and not again within 30 days; forced exits have no veto',
    ),
  ];
}

/** Every known way to a goal with the fewest parties for it, the easiest first. */
export function smallestSets(facts: Facts): Smallest[] {
  const routes = [...stealing(facts), ...halting(facts), ...censoring(facts)];
  const found = routes.flatMap((route) => {
    const parties = smallestSet(route.bodies);
    return parties === undefined ? [] : [{ ...route, parties }];
  });
  const rank: Readonly<Record<Goal, number>> = { steal: 0, halt: 1, censor: 2 };
  return found.sort(
    (a, b) =>
      rank[a.goal] - rank[b.goal] ||
      a.parties.length - b.parties.length ||
      a.afterSeconds - b.afterSeconds,
  );
}
