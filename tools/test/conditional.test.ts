/**
 * Conditional orders on a real chain against the rules in TypeScript: the same digest, the same
 * refusal, the same fill, on random orders and prices.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  type Conditional,
  conditionalDigest,
  conditionalFillPrice,
  conditionalLots,
  conditionalThreshold,
  conditionMet,
  validateConditionalShape,
} from '@holdfast/order';
import { type Hex, toHex } from '@holdfast/units';
import fc from 'fast-check';
import { BaseError, decodeErrorResult, encodeFunctionData, parseEventLogs } from 'viem';
import { artifact, type Chain, send, startChain } from '../gas/chain.ts';
import { conditionalArgs, stopOf } from '../gas/conditional.ts';
import { type Plan, run } from '../gas/scenarios.ts';
import { call, deployVenue, fund, openAccount, ownerOf, report, type Venue } from '../gas/venue.ts';

const price = 1_000_000;
const seed = 20_261_126;
/** Ppm of the market that the venue is deployed with. */
const [fillBandPpm, takerFeePpm, tickValue] = [50_000n, 450n, 100n];

/** Orders near the price, shaped badly now and then. */
const anyTerms = fc
  .record({
    isBuy: fc.boolean(),
    size: fc.integer({ min: 0, max: 14 }),
    kind: fc.integer({ min: 0, max: 3 }),
    triggerPrice: fc.integer({ min: 940_000, max: 1_060_000 }),
    trailPpm: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 60_000 })),
    limitPrice: fc.oneof(
      fc.constant(1),
      fc.constant(2 ** 32 - 1),
      fc.integer({ min: 940_000, max: 1_060_000 }),
    ),
    rewardPpm: fc.integer({ min: 0, max: 10_010 }),
    reduceOnly: fc.boolean(),
    nonce: fc.integer({ min: 1000, max: Number.MAX_SAFE_INTEGER }),
  })
  // Most kinds without a trail, most trails with one: else nearly all would be malformed.
  .map((made) => {
    const trails = made.kind === 2;
    const keeps = made.nonce % 16 === 0 || trails === made.trailPpm > 0;
    return keeps ? made : { ...made, trailPpm: trails ? 20_000 : 0 };
  });
const anyIndex = fc.integer({ min: 950_000, max: 1_050_000 });

describe('conditional orders on chain and off', () => {
  let chain: Chain;
  let venue: Venue;
  let trader: number;
  let keeper: number;
  const { abi } = artifact('IVenue');

  before(async () => {
    chain = await startChain();
    venue = await deployVenue(chain);
    await fund(venue, 10n ** 15n);
    [trader, keeper] = [await openAccount(venue), await openAccount(venue)];
    for (const id of [trader, keeper]) {
      await call(venue, 'deposit', [venue.token, id, 10n ** 12n]);
    }
    const pair: Plan = {
      makers: [{ account: keeper, lane: 1 }],
      takers: [{ account: trader, lane: 1 }],
    };
    // The trader is long ten lots.
    await run(venue, pair, 1, price);
  });
  after(() => chain.process.kill('SIGKILL'));

  const ask = (functionName: string, args: readonly unknown[], from: Hex): Promise<Hex> => {
    const data = encodeFunctionData({ abi, functionName, args });
    const request = { from, to: venue.clearingHouse, data };
    const block = { timestamp: `0x${chain.time.toString(16)}` };
    return chain.client.request({
      method: 'eth_call',
      params: [request, 'latest', {}, { time: block.timestamp }],
    } as never);
  };

  /** What TypeScript says that the chain answers; undefined: it fills. */
  function expected(order: Conditional, index: number): string | undefined {
    const wrong = validateConditionalShape(order);
    if (wrong) return wrong.code;
    if (!conditionMet(order, order.triggerPrice, index)) return 'NotTriggered';
    const at = conditionalFillPrice(order, index);
    if (at === undefined) return 'LimitBroken';
    const away = BigInt(Math.abs(at - index)) * 1_000_000n;
    if (away > fillBandPpm * BigInt(index)) return 'OutsideBand';
    return conditionalLots(order, 10) === 0 ? 'PositionMissing' : undefined;
  }

  async function refusal(order: Conditional, raw: Hex) {
    const args = [...conditionalArgs(venue, order), keeper, raw];
    try {
      await ask('trigger', args, ownerOf(venue, keeper) as Hex);
      return undefined;
    } catch (error) {
      assert.ok(error instanceof BaseError, String(error));
      const found = error.walk((each) => typeof (each as { data?: unknown }).data === 'string');
      const { data } = found as unknown as { data: Hex };
      return decodeErrorResult({ abi, data });
    }
  }

  /** A report that only the calls see: the round is given back. */
  function passing(index: number): Hex {
    const raw = report(venue, index);
    venue.round -= 1;
    return raw;
  }

  it('have one digest', async () => {
    for (const terms of fc.sample(anyTerms, { seed, numRuns: 40 })) {
      const order = stopOf(venue, trader, terms);
      const [args] = conditionalArgs(venue, order);
      const answer = await ask('conditional', [args], ownerOf(venue, keeper) as Hex);
      assert.equal(answer.slice(0, 66), toHex(conditionalDigest(venue.separator, order)));
    }
  });

  it('are refused alike, with the same threshold', async () => {
    const seen = new Map<string, number>();
    const cases = fc.sample(fc.tuple(anyTerms, anyIndex), { seed, numRuns: 400 });
    for (const [terms, index] of cases) {
      const order = stopOf(venue, trader, terms);
      const found = await refusal(order, passing(index));
      const code = expected(order, index);
      assert.equal(found?.errorName, code, JSON.stringify({ order, index }));
      if (code === 'NotTriggered') {
        const required = conditionalThreshold(order, order.triggerPrice);
        assert.deepEqual(found?.args, [BigInt(index), BigInt(required)]);
      }
      seen.set(code ?? 'filled', (seen.get(code ?? 'filled') ?? 0) + 1);
    }
    for (const code of ['filled', 'NotTriggered', 'LimitBroken', 'ConditionalMalformed']) {
      assert.ok((seen.get(code) ?? 0) > 10, `${code}: ${JSON.stringify([...seen])}`);
    }
    assert.ok((seen.get('PositionMissing') ?? 0) > 0, JSON.stringify([...seen]));
  });

  it('fill the same lots at the same price for the same fee', async () => {
    const good = fc
      .sample(fc.tuple(anyTerms, anyIndex), { seed: seed + 1, numRuns: 400 })
      .map(([terms, index]) => ({ order: stopOf(venue, trader, terms), index }))
      .filter(({ order, index }) => expected(order, index) === undefined)
      .slice(0, 40);
    assert.equal(good.length, 40);
    for (const { order, index } of good) {
      const saved = { time: chain.time, round: venue.round };
      const id = await chain.client.request({ method: 'evm_snapshot' } as never);
      const args = [...conditionalArgs(venue, order), keeper, report(venue, index)];
      const data = encodeFunctionData({ abi, functionName: 'trigger', args });
      const from = ownerOf(venue, keeper);
      const { logs } = await send(chain, { from, to: venue.clearingHouse, data, abi });
      const [event] = parseEventLogs({ abi, logs, eventName: 'Triggered' });
      const { lots, price: at, fee } = (event as unknown as { args: Record<string, unknown> }).args;
      const wantedLots = BigInt(conditionalLots(order, 10));
      const wantedPrice = conditionalFillPrice(order, index) as number;
      const amount = wantedLots * BigInt(wantedPrice) * tickValue;
      assert.deepEqual(
        [lots, at, fee],
        [wantedLots, wantedPrice, (amount * takerFeePpm + 999_999n) / 1_000_000n],
      );
      await chain.client.request({ method: 'evm_revert', params: [id] } as never);
      Object.assign(chain, { time: saved.time });
      venue.round = saved.round;
    }
  });
});
