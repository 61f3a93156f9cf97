/**
 * What the journal costs: CPU of each part per order, beside the JSON lines that older nodes wrote;
 * commits beside the bare write and fdatasync of as many bytes on the same disk, in turn; and how
 * fast a journal is read back. CPU times are the least of several runs.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuUsage } from 'node:process';
import { crc32 } from 'node:zlib';
import { apply, snapshot, stateHash } from '@holdfast/core';
import { silentLogger } from '@holdfast/host';
import { accountId, seconds } from '@holdfast/units';
import type { Measure } from '@holdfast/units/measure';
import { coreConfig } from '../src/config.ts';
import { decodeValue, encodeValue } from '../src/journal/codec.ts';
import { FRAME_HEADER_BYTES, sealFrame, sha256 } from '../src/journal/frame.ts';
import { openJournal } from '../src/journal/local.ts';
import { createRecordWriter, readRecords } from '../src/journal/record.ts';
import { verifyFolders } from '../src/journal/verify.ts';
import { newborn, packRecovered, recover } from '../src/recovery.ts';
import { venue } from '../test/fixture.ts';

const RUNS = 7;
/** Orders of a frame where one is timed, as under load. */
const GROUP = 256;
const FRAMES = 40;
const ORDERS = GROUP * FRAMES;

/** Orders as the gateway hands them over; every signature is another. */
function makeOrders(count: number): object[] {
  return Array.from({ length: count }, (_, i) => {
    const signature = new Uint8Array(createHash('sha512').update(`${i}`).digest());
    return {
      type: 'order',
      order: {
        account: 2 + (i % 5000),
        market: i % 4,
        isBuy: i % 2 === 0,
        size: 1 + (i % 1000),
        price: 1_000_000 + (i % 997),
        timeInForce: 0,
        reduceOnly: false,
        postOnly: true,
        expiry: 1_800_000_000 + i,
        lane: i % 240,
        seq: 1 + i,
        signature,
        epoch: 0,
      },
      clientId: String(7_000_000_000 + i),
      at: 1_790_000_000 + Math.floor(i / 1000),
    };
  });
}

/** CPU nanoseconds of the fastest of several runs, over `count` orders. */
function cpuNs(count: number, run: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < RUNS; i += 1) {
    const begun = cpuUsage();
    run();
    const { user, system } = cpuUsage(begun);
    best = Math.min(best, user + system);
  }
  return (best * 1000) / count;
}

const per = (name: string, value: number, note = ''): Measure => ({
  name,
  value,
  unit: 'ns CPU/order',
  note,
});

function parts(groups: readonly object[][]): Measure[] {
  const writer = createRecordWriter();
  const bodies = groups.map((group) => {
    writer.add(group);
    return writer.take(0);
  });
  const texts = groups.map((group) => Buffer.from(group.map(encodeValue).join('\n')));
  const before = new Uint8Array(32);
  const encode = cpuNs(ORDERS, () => {
    for (const group of groups) {
      writer.add(group);
      writer.take(0);
    }
  });
  const hash = cpuNs(ORDERS, () => {
    for (const body of bodies) sha256(before, body);
  });
  const check = cpuNs(ORDERS, () => {
    for (const body of bodies) crc32(body);
  });
  const whole = cpuNs(ORDERS, () => {
    for (const [first, group] of groups.entries()) {
      writer.add(group);
      sealFrame(writer.take(FRAME_HEADER_BYTES), { first, count: group.length, before });
    }
  });
  const old = cpuNs(ORDERS, () => {
    for (const group of groups) {
      const body = Buffer.from(group.map(encodeValue).join('\n'));
      sha256(before, body);
      crc32(body);
    }
  });
  const decode = cpuNs(ORDERS, () => {
    for (const body of bodies) readRecords(body, GROUP);
  });
  const decodeOld = cpuNs(ORDERS, () => {
    for (const text of texts) for (const line of text.toString().split('\n')) decodeValue(line);
  });
  const bytes = (all: readonly Buffer[]): number => {
    return all.reduce((sum, { length }) => sum + length + FRAME_HEADER_BYTES, 0) / ORDERS;
  };
  return [
    { name: 'bytes of an order, record', value: bytes(bodies), unit: 'B' },
    { name: 'bytes of an order, JSON', value: bytes(texts), unit: 'B' },
    per('encode', encode),
    per('hash, sha256', hash),
    per('checksum, crc32', check),
    per('encode, hash and checksum, record', whole, `frames of ${GROUP}`),
    per('encode, hash and checksum, JSON', old, `${(old / whole).toFixed(1)} of the record's`),
    per('decode, record', decode),
    per('decode, JSON', decodeOld, `${(decodeOld / decode).toFixed(1)} of the record's`),
  ];
}

const ROUNDS = 60;
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;

/**
 * Appends of one size beside three references for as many bytes: write and fdatasync into space
 * that was made ahead; the same at the end of a file that grows.
 */
async function commits(dir: string, orders: readonly object[], size: number): Promise<Measure[]> {
  const group = orders.slice(0, size);
  const journal = await openJournal({ dir: join(dir, `of-${size}`) });
  await journal.append(group);
  const bytes = Buffer.alloc(journal.stats().bytes, 1);
  // A segment in use grows in large steps.
  for (let i = 0; i < 4; i += 1) await journal.append(orders);
  const ahead = await open(join(dir, `ahead-${size}`), 'w+');
  await ahead.write(Buffer.alloc(bytes.length * (ROUNDS + 1)), 0);
  await ahead.sync();
  const growing = await open(join(dir, `growing-${size}`), 'w+');
  const times = { journal: [] as number[], ahead: [] as number[], growing: [] as number[] };
  async function time(into: number[], work: () => Promise<unknown>): Promise<void> {
    const begun = performance.now();
    await work();
    into.push(performance.now() - begun);
  }
  for (let i = 0; i < ROUNDS; i += 1) {
    await time(times.journal, () => journal.append(group));
    await time(times.ahead, async () => {
      await ahead.write(bytes, 0, bytes.length, i * bytes.length);
      await ahead.datasync();
    });
    await time(times.growing, async () => {
      await growing.write(bytes, 0, bytes.length, i * bytes.length);
      await growing.datasync();
    });
  }
  await journal.close();
  await ahead.close();
  await growing.close();
  const [ours, raw, grown] = [median(times.journal), median(times.ahead), median(times.growing)];
  const ratio = (value: number): string => `${(value / raw).toFixed(2)} of the bare one`;
  return [
    { name: `commits of ${size}`, value: 1000 / ours, unit: 'commits/s', note: ratio(ours) },
    { name: `orders in commits of ${size}`, value: (1000 / ours) * size, unit: 'orders/s' },
    { name: `bare fdatasync, ${bytes.length} B ahead`, value: 1000 / raw, unit: 'syncs/s' },
    {
      name: `bare fdatasync, ${bytes.length} B growing`,
      value: 1000 / grown,
      unit: 'syncs/s',
      note: ratio(grown),
    },
  ];
}

/** Writers that each wait for an answer: how many share a frame by themselves. */
async function crowd(dir: string, orders: readonly object[]): Promise<Measure[]> {
  const journal = await openJournal({ dir: join(dir, 'crowd') });
  const begun = performance.now();
  const writers = 64;
  const each = 40;
  await Promise.all(
    Array.from({ length: writers }, async (_, w) => {
      for (let i = 0; i < each; i += 1) await journal.append([orders[w * each + i]]);
    }),
  );
  const seconds = (performance.now() - begun) / 1000;
  const { frames, commands } = journal.stats();
  await journal.close();
  return [
    {
      name: `${writers} clients, one order at a time`,
      value: commands / seconds,
      unit: 'orders/s',
      note: `${(commands / frames).toFixed(1)} orders a commit`,
    },
  ];
}

async function reading(dir: string, groups: readonly object[][]): Promise<Measure[]> {
  const place = join(dir, 'reading');
  const journal = await openJournal({ dir: place, segmentBytesMax: 256 * 1024 });
  for (const group of groups) await journal.append(group);
  await journal.close();
  async function cpuOf(work: () => Promise<unknown>): Promise<number> {
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < RUNS; i += 1) {
      const begun = cpuUsage();
      await work();
      const { user, system } = cpuUsage(begun);
      best = Math.min(best, (user + system) / 1e6);
    }
    return best;
  }
  const opened = await cpuOf(async () => {
    const again = await openJournal({ dir: place });
    await again.close();
  });
  const replayed = await cpuOf(async () => {
    const again = await openJournal({ dir: place });
    await again.replay(0, () => {});
    await again.close();
  });
  const verified = await cpuOf(() => verifyFolders(place));
  const rate = (name: string, seconds: number, note = ''): Measure => ({
    name,
    value: ORDERS / seconds,
    unit: 'orders/s CPU',
    note,
  });
  return [
    { name: 'open, closed segments listed', value: opened * 1000, unit: 'ms CPU' },
    rate('replay without applying', replayed, 'chain checked'),
    rate('verify', verified),
  ];
}

/** A start after a crash: the chain checked, every order matched and receipted again. */
async function recovery(dir: string, orders: readonly object[]): Promise<Measure[]> {
  const place = join(dir, 'recovery');
  const journal = await openJournal({ dir: place });
  const at = seconds(1_790_000_000);
  const accounts = Array.from({ length: 5000 }, (_, i) => accountId(2 + i));
  const owner = `0x${'01'.repeat(20)}`;
  await journal.append(
    accounts.flatMap((account) => [
      { type: 'open', at, account, owner },
      { ...GIFT, at, account },
    ]),
  );
  const quotes = [{ market: 0, price: 1_000_000, mark: 1_000_000, rate: 0 }];
  await journal.append([{ type: 'report', at, raw: '0x', report: { round: 1, time: at, quotes } }]);
  for (let i = 0; i < ORDERS; i += GROUP) {
    const group = orders.slice(i, i + GROUP) as { order: object }[];
    await journal.append(
      group.map((command, j) => {
        const price = 1_000_000 + ((i + j) % 2 === 0 ? -1 : 1) * (((i + j) % 90) - 5);
        const more = { market: 0, price, postOnly: false, size: 1 };
        return { ...command, at, order: { ...command.order, ...more } };
      }),
    );
  }
  await journal.close();
  const again = await openJournal({ dir: place });
  const begun = cpuUsage();
  const { replayed, state } = await recover(again, coreConfig(venue), silentLogger());
  const { user, system } = cpuUsage(begun);
  await again.close();
  return [
    {
      name: 'recovery, matched and receipted',
      value: (replayed / (user + system)) * 1e6,
      unit: 'commands/s CPU',
      note: `${replayed} commands, ${state.fills} fills`,
    },
  ];
}

/** Enough to trade on. */
const GIFT = {
  type: 'external',
  cashDelta: (10n ** 12n) << 32n,
  sizes: [],
  cause: 'deposit',
  block: 1,
};

/** A whole snapshot as it is taken while the venue waits, beside the way of older nodes. */
function snapshots(): Measure[] {
  const accounts = 20_000;
  const known = newborn(coreConfig(venue));
  const { state } = known;
  for (let id = 2; id < 2 + accounts; id += 1) {
    const owner = `0x${id.toString(16).padStart(40, '0')}` as const;
    apply(state, { type: 'open', at: seconds(1), account: accountId(id), owner });
  }
  const packed = cpuNs(1, () => {
    packRecovered(known);
  });
  const old = cpuNs(1, () => {
    const { acks, tape, reports } = known;
    const parts = { acks: acks.export(), tape: tape.export(), reports };
    Buffer.from(encodeValue({ hash: stateHash(state), core: snapshot(state), ...parts }));
  });
  const name = `snapshot of ${accounts} accounts`;
  return [
    { name, value: packed / 1e6, unit: 'ms CPU' },
    {
      name: `${name}, hashed apart, in JSON`,
      value: old / 1e6,
      unit: 'ms CPU',
      note: `${(old / packed).toFixed(1)} of the above`,
    },
  ];
}

/** What `npm run bench` prints. */
export async function bench(): Promise<Measure[]> {
  const orders = makeOrders(ORDERS);
  const groups = Array.from({ length: FRAMES }, (_, i) => orders.slice(i * GROUP, (i + 1) * GROUP));
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  try {
    const measures = parts(groups);
    for (const size of [1, 16, 256, 2048]) measures.push(...(await commits(dir, orders, size)));
    measures.push(...(await crowd(dir, orders)), ...(await reading(dir, groups)));
    measures.push(...(await recovery(dir, orders)), ...snapshots());
    return measures;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
