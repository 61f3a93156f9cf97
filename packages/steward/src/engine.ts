/** The steward: looks, proposes, tries on the live accounts, and only then moves. */
import type { Bar, Fitted, Measured } from '@holdfast/forecast';
import type { ChainReader, Logger, Venue } from '@holdfast/host';
import { errorMessage } from '@holdfast/host';
import type { Follower, Mirror } from '@holdfast/keeper';
import { composed, type RiskTuple } from '@holdfast/risk';
import { type Hex, keccak256, stringToHex } from 'viem';
import type { LiveBars } from './bars.ts';
import { readSteward, type SteeredMarket, type StewardHands, type StewardState } from './chain.ts';
import { decide, notice, type Plan } from './decide.ts';
import { type DepthWatch, type Forecaster, measure } from './measure.ts';
import { type Shadow, shadowApply } from './shadow.ts';

/** What a look at one market found and did. */
export interface Look {
  readonly market: number;
  readonly symbol: string;
  readonly steered: SteeredMarket;
  readonly measured: Measured | undefined;
  readonly plan: Plan;
  /** What the plan would do to the accounts; absent when it moves nothing. */
  readonly shadow?: Shadow | undefined;
  /** `done`, or why nothing was sent. */
  readonly outcome: string;
  /** Maintenance margin that was announced. */
  readonly announced?: number | undefined;
}

/** Everything a steward works with. */
export interface EngineParts {
  readonly venue: Venue;
  readonly reader: ChainReader;
  readonly follower: Follower;
  readonly bars: LiveBars;
  readonly forecaster: Forecaster;
  readonly depth: DepthWatch;
  readonly logger: Logger;
  /** Absent: proposes and sends nothing. */
  readonly hands?: StewardHands | undefined;
  /** Whether higher maintenance margins are announced. */
  readonly announces: boolean;
}

/** A look at all markets. */
export interface Round {
  readonly state: StewardState;
  readonly block: number;
  readonly looks: readonly Look[];
}

/** Names a model by all that it knows. */
export const modelHashOf = ({ name, parameters }: Fitted): Hex =>
  keccak256(stringToHex(JSON.stringify({ name, parameters })));

/** Names what a model saw of a market. */
export const inputRootOf = (bars: readonly Bar[], measured: Measured | undefined): Hex =>
  keccak256(stringToHex(JSON.stringify({ bars: bars.slice(-720), measured: measured ?? null })));

const noModel: Hex = keccak256(stringToHex('no model'));

/** Tries a tuple on the accounts as they are: whoever is healthy must stay so. */
export function tryTuple(
  venue: Venue,
  mirror: Mirror,
  state: StewardState,
  market: number,
  tuple: RiskTuple,
): Shadow {
  const of = (id: number) => state.markets.find((each) => each.market === id)!;
  const after = (id: number) => (id === market ? composed(of(id).anchor, tuple) : of(id).params);
  return shadowApply(venue, mirror, (id) => of(id).params, after);
}

/**
 * Why a tuple must not be applied, by what it would do to the accounts; undefined if it may.
 *
 * An account without a price says nothing of a rise of the maintenance margin: then it is refused.
 */
export function refuseShadow(shadow: Shadow, raisesMaintenance: boolean): string | undefined {
  if (shadow.liquidated.length > 0) {
    return `ShadowLiquidates: ${shadow.liquidated.length} healthy, first ${shadow.liquidated[0]}`;
  }
  if (raisesMaintenance && shadow.unknown > 0) return `ShadowUnknown: ${shadow.unknown} accounts`;
  return undefined;
}

export interface Engine {
  /** Looks once; sends what the plans say, market by market. */
  look(): Promise<Round>;
}

export function createEngine(parts: EngineParts): Engine {
  const { venue, reader, follower, bars, forecaster, depth, logger, hands } = parts;

  async function measured(id: number, mirror: Mirror, live: ReadonlyMap<string, readonly Bar[]>) {
    const market = venue.markets.find((each) => each.id === id)!;
    const forecast = forecaster.forecast(market.symbol, live);
    if (forecast === undefined) return { measured: undefined, modelHash: noModel };
    const seen = await measure(venue, reader, mirror, depth, market, forecast.margin);
    return { measured: seen, modelHash: modelHashOf(forecast.fitted) };
  }

  async function act(
    steered: SteeredMarket,
    state: StewardState,
    mirror: Mirror,
    seen: { measured: Measured | undefined; modelHash: Hex },
  ): Promise<Look> {
    const { market, symbol, current } = steered;
    const time = bars.time();
    const plan = decide(steered, seen.measured, time);
    const base = { market, symbol, steered, measured: seen.measured, plan };
    if (plan.do === 'rest') return { ...base, outcome: plan.why };
    const shadow = tryTuple(venue, mirror, state, market, plan.tuple);
    const raises = plan.tuple.maintenancePpm > current.maintenancePpm;
    const refused = refuseShadow(shadow, raises);
    if (refused !== undefined) return { ...base, shadow, outcome: refused };
    if (hands === undefined) return { ...base, shadow, outcome: 'proposed' };
    if (plan.do === 'decay') await hands.decay(market);
    else {
      const inputRoot = inputRootOf(bars.of(market), seen.measured);
      const { modelHash } = seen;
      await hands.move({ market, tuple: plan.tuple, modelHash, inputRoot, time });
    }
    logger.info({ market, tuple: plan.tuple, why: plan.why }, `${plan.do}d ${symbol}`);
    return { ...base, shadow, outcome: 'done' };
  }

  async function announce(look: Look): Promise<Look> {
    const next = parts.announces ? notice(look.steered, look.measured) : undefined;
    if (next === undefined || hands === undefined) return look;
    await hands.announce(look.market, next);
    logger.info({ market: look.market, maintenancePpm: next }, 'maintenance margin announced');
    return { ...look, announced: next };
  }

  return {
    async look() {
      const { mirror, block, begunAgain } = await follower.catchUp();
      if (begunAgain) bars.reset();
      await bars.read(block);
      const state = await readSteward(venue, reader);
      const live = new Map(venue.markets.map(({ id, symbol }) => [symbol, bars.of(id)]));
      const looks: Look[] = [];
      for (const steered of state.markets) {
        const seen = await measured(steered.market, mirror, live);
        try {
          looks.push(await announce(await act(steered, state, mirror, seen)));
        } catch (error) {
          // The others still count; this one is looked at again next time.
          const why = errorMessage(error);
          logger.warn({ market: steered.market, why }, 'a move was refused');
          const plan: Plan = { do: 'rest', why };
          const { market, symbol } = steered;
          looks.push({ market, symbol, steered, measured: seen.measured, plan, outcome: why });
        }
      }
      return { state, block, looks };
    },
  };
}
