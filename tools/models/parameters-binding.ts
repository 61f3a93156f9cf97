/** The model of delayed changes carried out by `Parameters`. */
import { parametersAbi, parametersBytecode } from '@holdfast/abi';
import type { Action } from './model.ts';
import {
  type MarketTuple,
  marketTuple,
  numberOf,
  type ParametersState,
  parameterTerms,
  type VenueTuple,
} from './parameters.ts';
import { type Binding, callOf, created, creationOf, party, type Word } from './program.ts';

const parameters = { abi: parametersAbi, address: created(0) };
const fees = [0, 300, 450, 10_001];

/** A market as the contract takes it; fields in their order. */
export const marketOf = ({ cap, fee, maintenance, tick }: MarketTuple) => ({
  tickValue: 100 * tick,
  initialPpm: 50_000,
  maintenancePpm: 20_000 + 10_000 * maintenance,
  takerFeePpm: fees[fee]!,
  makerFeePpm: 150,
  priceAgeSecondsMax: 60,
  bandPpm: 100_000,
  fillBandPpm: 50_000,
  fundingRatePpmMax: 120_000,
  openInterestMax: cap * 1_000_000,
  openInterestLowPpm: 500_000,
  openInterestHighPpm: 900_000,
  concentrationPpm: 100_000,
  concentrationCapPpm: 200_000,
  isolated: 0,
  markClampPpm: 10_000,
  fundingGapSecondsMax: 60,
  liquidationPartPpm: 100_000,
  coverSharePpm: 250_000,
  backstopLotsMax: 100_000,
});

const addressOf = (who: number) => (who === 0 ? (`0x${'00'.repeat(20)}` as const) : party(who));

const venueOf = ({ sequencer, quiet }: VenueTuple) => ({
  sequencer: addressOf(sequencer === 0 ? 0 : 32 + sequencer),
  quietSeconds: quiet * 30,
  reportSkewSecondsMax: 30,
  profitHaircutPpm: 100_000,
});

function argsOf({ name, args }: Action): readonly unknown[] {
  if (name === 'proposeMarket') return [args[0], marketOf(marketTuple(args.slice(1)))];
  if (name === 'proposeVenue') return [venueOf({ sequencer: args[0]!, quiet: args[1]! })];
  return name === 'proposeGovernor' ? [addressOf(args[0]!)] : args;
}

const noMarket: Word[] = Array.from({ length: 20 }, () => 0);
const marketWords = new Map<string, Word[]>();

/** The twenty words of a market, or zeros. */
function wordsOf(market: MarketTuple | undefined): Word[] {
  if (!market) return noMarket;
  const key = Object.values(market).join();
  const words = marketWords.get(key) ?? Object.values(marketOf(market));
  marketWords.set(key, words);
  return words;
}

const view = (name: string, ...args: unknown[]) => callOf(parameters, party(9), name, args);

export function parametersBinding(initial: ParametersState): Binding<ParametersState> {
  const args = [
    addressOf(initial.governor),
    BigInt(parameterTerms.delaySeconds),
    venueOf(initial.venue),
    [marketOf(initial.markets[0]!)],
    addressOf(0),
  ];
  return {
    creations: [creationOf(parametersAbi, parametersBytecode, args)],
    setup: [],
    views: [
      ...[0, 1].flatMap((id) => [view('market', id), view('pendingMarket', id)]),
      ...['marketsCount', 'venue', 'pendingVenue', 'governor', 'pendingGovernor'].map((name) =>
        view(name),
      ),
    ],
    call: (_state, action) =>
      callOf(parameters, addressOf(numberOf(action.by)), action.name, argsOf(action)),
    expected: (s): Word[] => [
      ...[0, 1].flatMap((id) => {
        const pending = s.pendingMarkets[id];
        return [...wordsOf(s.markets[id]), ...wordsOf(pending?.value), pending?.readyAt ?? 0];
      }),
      s.markets.filter(Boolean).length,
      ...Object.values(venueOf(s.venue)),
      ...(s.pendingVenue ? Object.values(venueOf(s.pendingVenue.value)) : [0, 0, 0, 0]),
      s.pendingVenue?.readyAt ?? 0,
      addressOf(s.governor),
      s.pendingGovernor ? addressOf(s.pendingGovernor.value) : 0,
      s.pendingGovernor?.readyAt ?? 0,
    ],
  };
}
