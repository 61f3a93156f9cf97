/** The ten benign days of the threat list: loud, honest, and no reason to do anything. */
import type { BlockView, MarketParameters } from '../../rule.ts';
import { selectorOf } from '../kit/selectors.ts';
import type { BenignName } from '../kit/trial.ts';
import { equityOf, token } from '../kit/value.ts';
import { type Crowd, gather, live, shift } from './crowd.ts';
import {
  addressOf,
  demoMarkets,
  demoParams,
  hashOf,
  places,
  type Tape,
  type TapeOptions,
} from './venue.ts';

export interface BenignTape {
  readonly name: BenignName;
  readonly venue?: TapeOptions;
  play(tape: Tape): Iterable<BlockView>;
}

const quiet = { blocks: 240, seconds: 2 };

function closeAll(tape: Tape, crowd: Crowd, account: number): void {
  const maker = crowd.makers[tape.random.below(crowd.makers.length)] as number;
  for (const [market, size] of tape.state().accounts.get(account)?.positions ?? []) {
    if (account === maker) continue;
    const [buyer, seller] = size < 0 ? [account, maker] : [maker, account];
    tape.trade(market, buyer, seller, Math.abs(size));
  }
}

function leave(tape: Tape, crowd: Crowd, account: number): void {
  closeAll(tape, crowd, account);
  const row = tape.state().accounts.get(account);
  if (row === undefined || row.positions.size > 0) return;
  const tokens = Number(equityOf(tape.state(), row) / token);
  if (tokens > 0) tape.withdraw(account, tokens);
}

function* bankRun(tape: Tape): Generator<BlockView> {
  const crowd = gather(tape);
  yield* live(tape, crowd, quiet);
  const all = [...crowd.takers];
  const late: number[] = [];
  yield* live(tape, crowd, {
    blocks: 200,
    seconds: 6,
    trading: 0.2,
    each: (block) => {
      const account = block % 4 === 0 ? all[block / 4] : undefined;
      if (account === undefined) return;
      // Somebody comes with money, hears of the run and goes again.
      if (block === 20) late.push(tape.join(60_000));
      if (block === 120) tape.withdraw(late[0] as number, 55_000);
      if (block % 20 === 0) tape.forceDone(tape.force(account, 3, 900));
      leave(tape, crowd, account);
      crowd.takers.splice(crowd.takers.indexOf(account), 1);
    },
  });
  // Makers go last, each with what is left of its own money.
  for (const maker of crowd.makers) {
    const row = tape.state().accounts.get(maker);
    const tokens = row === undefined ? 0 : Number(equityOf(tape.state(), row) / token);
    tape.withdraw(maker, Math.floor(tokens / 2));
    yield* live(tape, crowd, { blocks: 5, seconds: 6, trading: 0 });
  }
}

function* gap(tape: Tape): Generator<BlockView> {
  const crowd = gather(tape);
  yield* live(tape, crowd, { ...quiet, leverage: 4 });
  // The band lets one report move by a tenth.
  for (const factor of [0.905, 0.905, 0.977]) {
    shift(crowd, factor);
    yield* live(tape, crowd, { blocks: 1, seconds: 2, trading: 0.3 });
  }
  yield* live(tape, crowd, { blocks: 300, seconds: 2, noise: 0.001 });
  // Who was short takes the gain home in the hours after.
  yield* live(tape, crowd, { blocks: 300, seconds: 24, noise: 0.001 });
}

function* listing(tape: Tape): Generator<BlockView> {
  const crowd = gather(tape);
  yield* live(tape, crowd, quiet);
  const params: Partial<MarketParameters> = { openInterestMax: 500_000, initialPpm: 200_000 };
  tape.setMarket(4, { ...demoParams, ...params, maintenancePpm: 100_000 });
  crowd.prices.set(4, 50_000);
  yield* live(tape, crowd, {
    blocks: 500,
    seconds: 6,
    noise: 0.0006,
    each: (block) => {
      if (block < 120 && tape.random.next() < 0.4) {
        const count = 1 + tape.random.below(3);
        for (let i = 0; i < count; i += 1) crowd.takers.push(tape.join(1_000));
      }
      const now = crowd.prices.get(4) ?? 50_000;
      crowd.prices.set(4, now * (1 + 0.004 * tape.random.normal()));
    },
    trades: (market) => market === 4 || tape.random.next() < 0.3,
    leverage: 0.8,
  });
}

function* rotation(tape: Tape): Generator<BlockView> {
  const crowd = gather(tape);
  yield* live(tape, crowd, { ...quiet, blocks: 400 });
  const all = [...crowd.takers];
  yield* live(tape, crowd, {
    blocks: 500,
    seconds: 12,
    trades: (market) => market === 3,
    each: (block) => {
      const account = block % 8 === 0 ? all[block / 8] : undefined;
      if (account !== undefined) closeAll(tape, crowd, account);
    },
  });
}

const governed = (
  tape: Tape,
  source: 'parameters' | 'oracle' | 'breaker' | 'committees',
  name: string,
  args: object,
): void => {
  tape.event({ source, name, args: { ...args } });
};

/** What the planned upgrade and the key rotation tell beforehand; operators announce it. */
export const announcedUpgrade = 'MarketProposed 0, VenueProposed, VerifierProposed';
export const announcedRotation = 'RotationProposed 1, RotationProposed 2, GuardianProposed';

function* upgrade(tape: Tape): Generator<BlockView> {
  const crowd = gather(tape);
  yield* live(tape, crowd, quiet);
  const readyAt = tape.now() + 86_400;
  const looser = { ...demoParams, initialPpm: 40_000, maintenancePpm: 20_000 };
  governed(tape, 'parameters', 'MarketProposed', { market: 0, params: looser, readyAt });
  governed(tape, 'parameters', 'VenueProposed', {
    params: { sequencer: places.sequencer },
    readyAt,
  });
  governed(tape, 'oracle', 'VerifierProposed', { verifier: addressOf(0xbeef), readyAt });
  tape.call(places.governor, places.parameters, selectorOf('proposeMarket'));
  yield* live(tape, crowd, { blocks: 300, seconds: 12 });
  yield tape.block(80_000);
  yield* live(tape, crowd, { blocks: 60, seconds: 2 });
  tape.setMarket(0, looser);
  governed(tape, 'oracle', 'VerifierChanged', { verifier: addressOf(0xbeef) });
  yield* live(tape, crowd, quiet);
}

function* keyRotation(tape: Tape): Generator<BlockView> {
  const crowd = gather(tape);
  yield* live(tape, crowd, quiet);
  const readyAt = tape.now() + 3600;
  const guardian = addressOf(0x9d2);
  governed(tape, 'committees', 'RotationProposed', { id: 2, candidate: { x: 1n }, readyAt });
  governed(tape, 'breaker', 'GuardianProposed', { guardian, readyAt });
  yield* live(tape, crowd, { blocks: 320, seconds: 12 });
  governed(tape, 'committees', 'KeyChanged', { id: 2, generation: 2, candidate: { x: 1n } });
  governed(tape, 'breaker', 'GuardianAdded', { guardian });
  yield* live(tape, crowd, quiet);
}

function* outage(tape: Tape): Generator<BlockView> {
  const crowd = gather(tape);
  yield* live(tape, crowd, quiet);
  yield* live(tape, crowd, { blocks: 450, seconds: 4, trading: 0 });
  yield* live(tape, crowd, { ...quiet, trading: 1 });
}

function* fundingSpike(tape: Tape): Generator<BlockView> {
  const crowd = gather(tape);
  yield* live(tape, crowd, { ...quiet, seconds: 12 });
  const ramp = (block: number): number => Math.min(1, block / 60);
  yield* live(tape, crowd, {
    blocks: 600,
    seconds: 12,
    quotes: (quotes, block) => {
      const own = quotes.get(2);
      if (own === undefined) return;
      // A tenth of a percent in eight hours: as high as thirty months of records went.
      const mark = own.price * (1 + 0.002 * ramp(block));
      quotes.set(2, { ...own, mark, rate: Math.round(3_000 * ramp(block)) });
    },
  });
}

function* massCancel(tape: Tape): Generator<BlockView> {
  const crowd = gather(tape);
  yield* live(tape, crowd, quiet);
  yield* live(tape, crowd, {
    blocks: 40,
    seconds: 2,
    trading: 0.1,
    each: (block) => {
      for (const account of [...crowd.makers, ...crowd.takers]) {
        tape.event({
          source: 'clearingHouse',
          name: 'AllCancelled',
          args: { account, epoch: block + 1 },
        });
        for (let lane = 0; lane < 8; lane += 1) {
          const args = { account, lane, seq: block + 1 };
          tape.event({ source: 'clearingHouse', name: 'LaneCancelled', args });
        }
      }
    },
  });
  yield* live(tape, crowd, quiet);
}

function* sourceReplaced(tape: Tape): Generator<BlockView> {
  const crowd = gather(tape);
  yield* live(tape, crowd, quiet);
  // One of five dies: a leader's turn is lost now and then, and medians move by a hair.
  const candidate = { x: BigInt(hashOf(7)) };
  const readyAt = tape.now() + 400;
  governed(tape, 'committees', 'RotationProposed', { id: 1, candidate, readyAt });
  yield* live(tape, crowd, { blocks: 240, seconds: 2, missing: 0.08 });
  shift(crowd, 1.0004);
  const args = { id: 1, generation: 2, candidate };
  tape.event({ source: 'committees', name: 'KeyChanged', args });
  yield* live(tape, crowd, { blocks: 400, seconds: 2, noise: 0.0004 });
}

/** All ten. */
export const benignTapes: readonly BenignTape[] = [
  { name: 'bank run of honest users', play: bankRun },
  { name: '20 % gap', play: gap },
  {
    name: 'listing day',
    venue: { markets: [...demoMarkets, { price: 50_000, unlisted: true, insurance: 20_000 }] },
    play: listing,
  },
  { name: 'market rotation', play: rotation },
  { name: 'planned upgrade', play: upgrade },
  { name: 'key rotation', play: keyRotation },
  { name: 'market-maker outage', play: outage },
  { name: 'funding spike', play: fundingSpike },
  { name: 'mass cancel', play: massCancel },
  { name: 'oracle source replacement', play: sourceReplaced },
];
