/**
 * What a signature costs: the addon alone, the whole check of an order around it, its parts, and
 * how orders come to the verifier. CPU time of the whole process, so that other work on the machine
 * counts as little as it can; the middle of several repeats, with all candidates in turn.
 */
import { randomBytes } from 'node:crypto';
import {
  completeOrder,
  domainSeparator,
  orderDigest,
  packedDigest,
  type SignedOrder,
  unpackOrder,
} from '@holdfast/order';
import { keccak256, toHex } from '@holdfast/units';
import { against, type Measure, middle } from '@holdfast/units/measure';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { privateKeyToAccount } from 'viem/accounts';
import { hashFast } from '../src/verify/keccak.ts';
import { createVerifyPool, type Signed } from '../src/verify/pool.ts';
import { loadNative } from '../src/verify/recover.ts';
import { createDigestSigner } from '../src/verify/sign.ts';
import { createVerifier, type VerifyJob } from '../src/verify/verify.ts';
import { makeOrder, theDomain } from '../test/fixture.ts';
import { cpuMicros } from './cost.ts';
import { BATCH, createRing, SLOTS } from './ring.ts';

const REPEATS = 7;
const ORDERS = SLOTS * BATCH;
const separator = domainSeparator(theDomain);
const native = loadNative();

type Sample = { digest: Uint8Array; rs: Uint8Array; parity: number; key: Uint8Array };

function samples(orders: readonly Signed[]): Sample[] {
  const digest = packedDigest(separator);
  return orders.map(({ packed, epoch }) => {
    const rs = packed.slice(26);
    const parity = (rs[32] ?? 0) >> 7;
    rs[32] = (rs[32] ?? 0) & 0x7f;
    const signed = digest(packed, 0, epoch);
    const key = native.ecdsaRecover(rs, parity, signed, false, new Uint8Array(65)).slice();
    return { digest: signed, rs, parity, key };
  });
}

type Candidate = { name: string; count: number; run: () => void | Promise<void> };

/** µs of CPU time for each, measured in turn. */
async function race(candidates: readonly Candidate[]): Promise<Measure[]> {
  const found = candidates.map((): number[] => []);
  for (let repeat = -1; repeat < REPEATS; repeat++) {
    for (const [i, { count, run }] of candidates.entries()) {
      const micros = (await cpuMicros(run)) / count;
      if (repeat >= 0) found[i]?.push(micros);
    }
  }
  return candidates.map(({ name }, i) => middle(name, 'µs CPU', found[i] as number[]));
}

function packAll(orders: readonly Signed[]): VerifyJob {
  const packed = new Uint8Array(orders.length * 90);
  for (const [i, order] of orders.entries()) packed.set(order.packed, i * 90);
  return { id: 0, packed, epochs: new Uint32Array(orders.length) };
}

function signatures(orders: readonly Signed[]): Candidate[] {
  const all = samples(orders);
  const output = new Uint8Array(65);
  const job = packAll(orders);
  const few = packAll(orders.slice(0, 16));
  const whole = createVerifier({ separator, verifier: 'native' });
  const portable = createVerifier({ separator, verifier: 'portable' });
  const each = (run: (sample: Sample) => void) => () => all.forEach(run);
  return [
    {
      name: 'recover, the addon alone',
      count: ORDERS,
      run: each(({ rs, parity, digest }) => {
        native.ecdsaRecover(rs, parity, digest, false, output);
      }),
    },
    {
      name: 'verify with a known key, the addon alone',
      count: ORDERS,
      run: each(({ rs, digest, key }) => {
        native.ecdsaVerify(rs, digest, key);
      }),
    },
    { name: 'whole check of an order, native', count: ORDERS, run: () => void whole(job) },
    { name: 'whole check of an order, portable', count: 16, run: () => void portable(few) },
  ];
}

function hashes(orders: readonly Signed[]): Candidate[] {
  const digest = packedDigest(separator);
  const { packed } = orders[0] as Signed;
  const order = completeOrder(unpackOrder(packed) as never, 0 as never) as SignedOrder;
  const times = (run: () => void) => () => {
    for (let i = 0; i < 1000; i++) run();
  };
  const fast = keccak256;
  const bytes = new Uint8Array(416).fill(7);
  return [
    { name: 'digest of an order, packed', count: 1000, run: times(() => digest(packed, 0, 0)) },
    {
      name: 'digest of an order, from fields',
      count: 1000,
      run: times(() => orderDigest(separator, order)),
    },
    { name: 'keccak of 416 bytes, WebAssembly', count: 1000, run: times(() => fast(bytes)) },
    { name: 'keccak of 416 bytes, JavaScript', count: 1000, run: times(() => keccak_256(bytes)) },
  ];
}

function signing(): Candidate[] {
  const secret = toHex(randomBytes(32));
  const key = createDigestSigner(secret);
  const account = privateKeyToAccount(secret);
  const digest = keccak256(Uint8Array.of(1));
  const hash = toHex(digest);
  return [
    {
      name: 'sign a frame of receipts, native',
      count: 100,
      run: () => {
        for (let i = 0; i < 100; i++) key.sign(digest);
      },
    },
    {
      name: 'sign a frame of receipts, viem',
      count: 20,
      run: async () => {
        for (let i = 0; i < 20; i++) await account.sign({ hash });
      },
    },
  ];
}

async function roads(orders: readonly Signed[]): Promise<Measure[]> {
  const pool = createVerifyPool({ separator, verifier: 'native', threads: 1 });
  const ring = createRing({ separator, verifier: 'native' });
  const split = (size: number) =>
    Array.from({ length: ORDERS / size }, (_, i) => orders.slice(i * size, (i + 1) * size));
  const posted = (size: number): Candidate => ({
    name: `to a thread by message, batches of ${size}`,
    count: ORDERS,
    run: async () => void (await Promise.all(split(size).map((batch) => pool.signers(batch)))),
  });
  const shared = (size: number): Candidate => ({
    name: `to a thread by a shared ring, batches of ${size}`,
    count: ORDERS,
    run: async () => {
      const batches = split(size);
      for (let at = 0; at < batches.length; at += SLOTS) {
        await ring.verify(batches.slice(at, at + SLOTS));
      }
    },
  });
  const rows = await race([posted(64), shared(64), posted(8), shared(8), posted(1), shared(1)]);
  await pool.close();
  await ring.close();
  return rows.map((row, i) => (i % 2 === 0 ? row : against(row, rows[i - 1] as Measure)));
}

/** What `npm run bench -- verify` prints. */
export async function bench(): Promise<Measure[]> {
  await hashFast();
  const secret = randomBytes(32);
  const orders = Array.from({ length: ORDERS }, (_, i) => ({
    packed: makeOrder(secret, { lane: (i % 1000) as never, seq: (i + 1) as never }),
    epoch: 0,
  }));
  const [raw, known, whole, portable] = (await race(signatures(orders))) as [
    Measure,
    Measure,
    Measure,
    Measure,
  ];
  const [packed, fields, fast, slow] = (await race(hashes(orders))) as (typeof raw)[];
  const [ours, viem] = await race(signing());
  return [
    raw,
    { ...against(known, raw), note: 'not used: blind to the parity bit that ecrecover reads' },
    against(whole, raw),
    against(portable, raw),
    against(packed as Measure, fields as Measure),
    fields as Measure,
    against(fast as Measure, slow as Measure),
    slow as Measure,
    against(ours as Measure, viem as Measure),
    viem as Measure,
    ...(await roads(orders)),
  ];
}
