/** What a change may widen: holders, thresholds, delays, windows, caps, each with its direction. */
import type { Hex } from '@holdfast/units';
import type { Facts } from './facts.ts';
import { termNames } from './steward.ts';

export type Bound = {
  readonly value: string;
  /** Which way gives somebody more: a larger number, a smaller one, or any change at all. */
  readonly wider: 'more' | 'less' | 'any';
};

export type Change = {
  readonly name: string;
  readonly before: string;
  readonly after: string;
  readonly way: 'wider' | 'narrower';
};

type Bounds = Readonly<Record<string, Bound>>;
type Row = { readonly name: string; readonly codeHash: Hex };

const more = (value: number | bigint): Bound => ({ value: `${value}`, wider: 'more' });
const less = (value: number | bigint): Bound => ({ value: `${value}`, wider: 'less' });
const any = (value: string): Bound => ({ value, wider: 'any' });

function roles(facts: Facts): Bounds {
  const { governor, verifier, guardians } = facts;
  const reporters =
    verifier.kind === 'quorum'
      ? {
          'reporters, needed': less(verifier.quorum),
          reporters: any([...verifier.signers].sort().join(' ')),
        }
      : {};
  return {
    governor: any(governor.address),
    ...(governor.owners && {
      'governor, owners': any([...governor.owners].sort().join(' ')),
      'governor, needed': less(governor.threshold ?? 0),
    }),
    sequencer: any(facts.sequencer.address),
    guardians: any(guardians.join(' ')),
    'guardians, quorum': less(facts.breaker.quorum),
    steward: any(facts.steward?.address ?? 'nobody'),
    'steward, operator': any(facts.steward?.operator ?? 'nobody'),
    verifier: any(facts.verifierAddress),
    ...reporters,
    ...Object.fromEntries(
      (facts.committees?.list ?? []).flatMap(({ name, threshold, size, generation }) => [
        [`${name} committee, needed`, less(threshold)],
        [`${name} committee, size`, any(`${size}`)],
        [`${name} committee, generation`, any(`${generation}`)],
      ]),
    ),
  };
}

function times(facts: Facts): Bounds {
  const { breaker, vault, forced, committees, treasury } = facts;
  return {
    'delay of parameters': less(facts.parametersDelaySeconds),
    'delay of a verifier': less(facts.verifierDelaySeconds),
    'delay of a clearing': less(breaker.clearDelaySeconds),
    'delay of a guardian': less(breaker.guardianDelaySeconds),
    'longest hold of one guardian': more(breaker.holdSecondsMax),
    'longest hold of a quorum of guardians': more(breaker.haltSecondsMax),
    'silence of all guardians that lets anyone stop growth': any(`${breaker.silenceSeconds}`),
    'tightenings of one guardian in 24 hours': more(breaker.tighteningsMax),
    'hold of a vetoed withdrawal': more(vault.vetoSeconds),
    'delay of a large withdrawal': less(vault.delaySeconds),
    'deadline of forced requests': more(forced.deadlineSeconds),
    'grace of forced requests': more(forced.graceSeconds),
    ...(committees && {
      'delay of a rotation': less(committees.rotationDelaySeconds),
      'delay of a replacement': less(committees.replacementDelaySeconds),
    }),
    ...(treasury && {
      'treasury, short delay': less(treasury.smallDelaySeconds),
      'treasury, long delay': less(treasury.largeDelaySeconds),
    }),
  };
}

function ballot({ voting }: Facts): Bounds {
  if (voting === undefined) return {};
  return {
    'votes, contract': any(voting.votes),
    'votes, seats': any(voting.seats.join(' ')),
    'votes, quorum': less(voting.quorum),
    'votes, delay': less(voting.votingDelaySeconds),
    'votes, period': less(voting.votingPeriodSeconds),
    'votes, delay of what loosens': less(voting.loosenDelaySeconds),
    'listing, shadow period': less(voting.shadowSeconds),
    'listing, largest young market': more(voting.shadowQuote),
  };
}

/** Terms of a steward that give it less when they are larger; all others give it more. */
const lessWhenLarger = new Set(['capMinPpm', 'decayPpm', 'moveSeconds', 'noticeSeconds']);

function steering({ steward }: Facts): Bounds {
  const { terms } = steward ?? {};
  if (terms === undefined) return {};
  return Object.fromEntries(
    termNames.map((name) => [
      `steward, ${name}`,
      (lessWhenLarger.has(name) ? less : more)(terms[name]),
    ]),
  );
}

function caps(facts: Facts): Bounds {
  const tokens = facts.treasury?.tokens ?? [];
  return {
    'large withdrawals from, ppm of the hour': more(facts.vault.largePpm),
    'withdrawals that one guardian leaves direct': less(facts.vault.smallFloorQuote),
    'profit held back, ppm': less(facts.profitHaircutPpm),
    ...Object.fromEntries(
      facts.markets.flatMap((market) => [
        [`${market.symbol}, open interest, lots`, more(market.openInterestMax)],
        [`${market.symbol}, price band, ppm`, more(market.bandPpm)],
        [`${market.symbol}, fill band, ppm`, more(market.fillBandPpm)],
        [`${market.symbol}, mark clamp, ppm`, more(market.markClampPpm)],
        [`${market.symbol}, initial margin, ppm`, less(market.initialPpm)],
        [`${market.symbol}, maintenance margin, ppm`, any(`${market.maintenancePpm}`)],
        [`${market.symbol}, backstop, lots`, more(market.backstopLotsMax)],
      ]),
    ),
    ...Object.fromEntries(
      tokens.flatMap(({ address, small, day }) => [
        [`treasury, ${address}, small`, more(small)],
        [`treasury, ${address}, day`, more(day)],
      ]),
    ),
  };
}

/** All bounds of a venue by name; `rows` are its contracts. */
export function boundsOf(facts: Facts, rows: readonly Row[]): Bounds {
  return {
    ...roles(facts),
    ...times(facts),
    ...ballot(facts),
    ...steering(facts),
    ...caps(facts),
    'vault, budget of an hour, ppm': more(facts.vault.hourPpm),
    'vault, budget of a day, ppm': more(facts.vault.dayPpm),
    'vault, least budget of an hour': more(facts.vault.hourFloorQuote),
    'vault, least budget of a day': more(facts.vault.dayFloorQuote),
    ...Object.fromEntries(rows.map(({ name, codeHash }) => [`code of ${name}`, any(codeHash)])),
  };
}

function isWider(before: Bound, after: Bound): boolean {
  if (after.wider === 'any') return true;
  const rises = BigInt(after.value) > BigInt(before.value);
  return rises === (after.wider === 'more');
}

/** What differs, in the order of names; what has come or gone counts as wider. */
export function changesBetween(before: Bounds, after: Bounds): Change[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((name) => {
    const [old, now] = [before[name], after[name]];
    if (old?.value === now?.value) return [];
    const wider = old === undefined || now === undefined || isWider(old, now);
    return [
      {
        name,
        before: old?.value ?? '-',
        after: now?.value ?? '-',
        way: wider ? ('wider' as const) : ('narrower' as const),
      },
    ];
  });
}
