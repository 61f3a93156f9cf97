/**
 * The steward on a real venue: prices begin to swing and margins follow inside the band; who has
 * its key gets no further than the contract lets it; what would liquidate anyone is not sent.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parametersAbi } from '@holdfast/abi';
import { randomOf } from '@holdfast/forecast';
import {
  chainAccess,
  createChainReader,
  createChainWriter,
  createLogger,
  fetchJson,
  loadKey,
  readJson,
  venuePaths,
} from '@holdfast/host';
import { createFollower } from '@holdfast/keeper';
import { type FindingRow, type SentinelStatus, sentinelPaths } from '@holdfast/sentinel';
import {
  createHands,
  createStewardEngine,
  type Look,
  readSteward,
  refuseShadow,
  stewardOf,
  tryTuple,
} from '@holdfast/steward';
import type { Address, Hex } from 'viem';
import { inFolder, onStage, type Stage, serviceOf, statusOf, tell } from './harness/stage.ts';
import { until } from './harness/until.ts';

const speed = 60;
/** Two reports, which come every two wall seconds. */
const barSeconds = 120;
const start = 1_700_000_000 - (1_700_000_000 % 3_600);
const root: Hex = `0x${'11'.repeat(32)}`;

/** Minutes of BTC that swing by about 0.8 % each. */
function swings(path: string): void {
  const random = randomOf(7);
  const lines = ['ts,open,high,low,close'];
  let price = 50_000;
  for (let i = 0; i < 360; i += 1) {
    const next = price * (1 + (random() < 0.5 ? 0.008 : -0.008));
    const [high, low] = [Math.max(price, next), Math.min(price, next)];
    const shown = [price, high, low, next].map((each) => each.toFixed(2));
    lines.push([start + i * 60, ...shown].join(','));
    price = next;
  }
  writeFileSync(path, `${lines.join('\n')}\n`);
}

async function handsOf({ dir, venue }: Stage) {
  const access = chainAccess(venue);
  const reader = createChainReader(access);
  const writer = createChainWriter(access, await loadKey(venuePaths(dir).keys, 'steward'));
  return { reader, hands: createHands(stewardOf(venue), reader, writer) };
}

/** Looks until something was moved. */
async function untilMoved(look: () => Promise<readonly Look[]>): Promise<Look> {
  for (let tries = 0; tries < 60; tries += 1) {
    const [found] = (await look()).filter(({ outcome }) => outcome === 'done');
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  throw new Error('the steward moved nothing in a minute');
}

async function tightens(stage: Stage): Promise<void> {
  const { venue } = stage;
  const { reader, hands } = await handsOf(stage);
  const logger = createLogger('steward', { level: 'silent' });
  const bars = { barSeconds, barsMin: 4 };
  const engine = createStewardEngine({ venue, reader, logger, hands, ...bars });
  const moved = await untilMoved(async () => (await engine.look()).looks);
  const [market] = (await readSteward(venue, reader)).markets;
  assert.ok(market !== undefined && moved.measured !== undefined);
  // A tenth in the first hour, however high the margin is that the model asks for.
  assert.ok(moved.measured.margin > 0.055, `margin ${moved.measured.margin}`);
  assert.equal(market.anchor.initialPpm, 50_000);
  assert.equal(market.params.initialPpm, 55_000);
  assert.equal(market.params.maintenancePpm, market.anchor.maintenancePpm);
  const { accounts, liquidated, confined } = moved.shadow!;
  assert.deepEqual(liquidated, []);
  const asked = (moved.measured.margin * 100).toFixed(1);
  tell(`model asks for ${asked} %; 5 % -> 5.5 %, ${accounts} accounts tried, ${confined} confined`);
}

/** Everything that the key can send besides what the rules let it. */
async function captured(stage: Stage): Promise<void> {
  const { venue } = stage;
  const { reader, hands } = await handsOf(stage);
  const { markets } = await readSteward(venue, reader);
  const { current, anchor, course } = markets[0]!;
  const time = Number((await reader.getBlock()).timestamp);
  const send = (changes: object, at = time) => {
    const tuple = { ...current, ...changes };
    return hands.move({ market: 0, tuple, modelHash: root, inputRoot: root, time: at });
  };
  await assert.rejects(send({ initialPpm: anchor.initialPpm - 1 }), /StepUnlawful/);
  await assert.rejects(send({ initialPpm: anchor.initialPpm * 3 }), /StepUnlawful/);
  await assert.rejects(send({ openInterestMax: 0 }), /StepUnlawful/);
  await assert.rejects(send({ openInterestMax: anchor.openInterestMax + 1 }), /StepUnlawful/);
  await assert.rejects(send({ maintenancePpm: anchor.maintenancePpm + 1 }), /NoticeMissing/);
  await assert.rejects(send({}, course.inputTime), /InputTimeInvalid/);
  await assert.rejects(hands.announce(0, anchor.maintenancePpm * 2), /StepUnlawful/);
  const call = { address: venue.contracts.parameters as Address, abi: parametersAbi } as const;
  const key = await loadKey(venuePaths(stage.dir).keys, 'steward');
  const past = reader.simulateContract({
    ...call,
    account: key,
    functionName: 'steer',
    args: [0, { ...current, openInterestMax: 1, backstopLotsMax: 0 }],
  });
  await assert.rejects(past, /NotSteward/);
}

/** A maintenance margin that somebody who is healthy now would not meet. */
async function refusesShadow({ venue }: Stage): Promise<void> {
  const reader = createChainReader(chainAccess(venue));
  const follower = createFollower(venue, reader);
  for (let tries = 0; tries < 30; tries += 1) {
    const { mirror } = await follower.catchUp();
    const state = await readSteward(venue, reader);
    const { current } = state.markets[0]!;
    const same = tryTuple(venue, mirror, state, 0, current);
    assert.deepEqual(same.liquidated, []);
    const tuple = { ...current, initialPpm: 1_000_000, maintenancePpm: 800_000 };
    const shadow = tryTuple(venue, mirror, state, 0, tuple);
    if (shadow.liquidated.length > 0) {
      assert.match(refuseShadow(shadow, true) ?? '', /^ShadowLiquidates/);
      tell(`${shadow.liquidated.length} of ${shadow.accounts} accounts would be liquidated`);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  throw new Error('nobody opened a position');
}

/** The sentinel has judged every move by then, and has nothing to say of it. */
async function watched({ dir, venue }: Stage): Promise<void> {
  const reader = createChainReader(chainAccess(venue));
  const moved = Number(await reader.getBlockNumber());
  const { address } = sentinelPaths(join(dir, 'sentinels/sentinel-1'));
  const { url } = readJson(address, 'address of a sentinel') as { url: string };
  const read = async <T>(path: string): Promise<T> =>
    (await fetchJson(`${url}/${path}`, { timeoutMs: 20_000 })).body as T;
  await until('the sentinel is past the moves', 90_000, async () => {
    return (await read<SentinelStatus>('status')).block >= moved;
  });
  const { laws } = await read<SentinelStatus>('status');
  const askedOf = (id: string): number => laws.find((law) => law.id === id)?.asked ?? 0;
  assert.ok(askedOf('L25') >= 12, `${askedOf('L25')} steps were judged`);
  assert.ok(askedOf('L18') >= 1);
  const findings = await read<FindingRow[]>('findings');
  // Prices do swing: what rules tell of them is theirs, what acts or judges must be silent.
  const told = findings.filter(
    ({ tier, acts, rule }) =>
      tier === 'law' || acts || /^(storage|laws|logs|loosening|role|unusual)-/.test(rule),
  );
  assert.deepEqual(told, []);
  tell(`L25 was asked ${askedOf('L25')} times; ${findings.length} findings about anything else`);
}

describe('the steward', { timeout: 300_000 }, () => {
  it('tightens when prices swing, inside its rules, and liquidates nobody', async () => {
    await inFolder(async (folder) => {
      const replay = join(folder, 'BTCUSDT_1m.csv');
      swings(replay);
      const options = { replay, speed, traders: 1, accounts: 6, ordersPerSecond: 10, sentinels: 1 };
      await onStage(options, async (stage) => {
        assert.equal(serviceOf(stage.running, 'steward').state(), 'ready');
        await captured(stage);
        await refusesShadow(stage);
        await tightens(stage);
        await watched(stage);
        const { settler } = await statusOf(stage.url);
        assert.notEqual(settler.state, 'halted', settler.reason);
      });
    });
  });
});
