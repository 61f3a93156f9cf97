import { deepEqual, equal, ok } from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chunkMembers, chunkRoot, hash2, isIncluded, leafOf } from '@holdfast/proof';
import { isRejection } from '@holdfast/units';
import { applyEvent, type Book, emptyBook, isShared } from '../src/book.ts';
import { leavesOf, type Opened } from '../src/epoch.ts';
import type { Epoch, Held, Snapshot } from '../src/follow.ts';
import { emptyRecord, ownOpening, recordSchema, withOrder } from '../src/record.ts';
import { saltOf, sharedOf } from '../src/secrets.ts';

const seed = new Uint8Array(32).fill(7);
const zeros = Array.from({ length: 16 }, () => 0n);
const held = (i: number, cash: bigint): Held => ({
  address: `0x${i}`,
  key: BigInt(100 + i),
  cash,
  sizes: zeros.with(1, BigInt(i)),
});

/** An epoch of six members in chunks of four, as the operator puts it on chain. */
function epochOf(members: readonly Held[]): Epoch {
  const snapshot = { number: 3, blockNumber: 50n, chunkMembers: 4 } as Snapshot;
  const made: Epoch = { id: 99n, snapshot, members, chunks: new Map(), isProven: true };
  const leaves = leavesOf(seed, made);
  for (const index of [0, 1]) {
    const chunk = chunkMembers(leaves, index, 4);
    made.chunks.set(index, { root: chunkRoot(chunk), sums: 0n, leaves: chunk.map(leafOf) });
  }
  return made;
}
const all = [0, 1, 2, 3, 4, 5].map((i) => held(i, BigInt(i) << 40n));

/** What member 4 knows: its own holding; all else is the operator's to it. */
const known = (epoch: Epoch, change: Partial<Held> = {}): Epoch => ({
  ...epoch,
  members: epoch.members.map((each, i) =>
    i === 4 ? { ...each, ...change } : { ...each, cash: 0n, sizes: zeros },
  ),
});

describe('a leaf without the operator', () => {
  const shared = sharedOf(seed, '0x4');

  it('is made of the own holding, the shared secret and the leaves on chain', () => {
    const epoch = epochOf(all);
    const opening = ownOpening(known(epoch), 4, shared, []) as Opened;
    equal(isRejection(opening), false);
    const { salt, cash, sizes, siblings, root, chunk } = opening;
    equal(chunk, 1);
    equal(salt, hash2(shared, 99n));
    equal(root, epoch.chunks.get(1)?.root);
    ok(isIncluded({ key: 104n, cash, sizes, salt }, 0, siblings, root));
  });

  it('says what is missing when it is another', () => {
    const epoch = epochOf(all);
    for (const change of [{ cash: 1n }, { sizes: zeros }, { key: 5n }]) {
      const found = ownOpening(known(epoch, change), 4, shared, []);
      ok(isRejection(found) && found.code === 'LeafDiffers');
      ok(/an order is missing/.test(found.message));
    }
    const levied = ownOpening(known(epoch, { cash: 1n }), 4, shared, [20, 51]);
    ok(isRejection(levied) && /blocks 20 had/.test(levied.message));
    const other = ownOpening(known(epoch), 4, shared + 1n, []);
    ok(isRejection(other) && other.code === 'LeafDiffers');
    epoch.chunks.delete(1);
    const none = ownOpening(known(epoch), 4, shared, []);
    ok(isRejection(none) && none.code === 'ChunkMissing');
    equal(ownOpening(known(epoch), 6, shared, []), undefined);
  });

  it('has a salt of its own for each member and epoch, whatever the case of an address', () => {
    const salts = ['0xa', '0xb'].flatMap((m) => [1n, 2n].map((e) => saltOf(sharedOf(seed, m), e)));
    equal(new Set(salts).size, 4);
    equal(sharedOf(seed, '0xAB'), sharedOf(seed, '0xab'));
  });
});

describe('record', () => {
  it('keeps each order once', () => {
    const order = { nonce: 1, lane: 2, seq: 3 };
    const once = withOrder(emptyRecord, order);
    deepEqual(withOrder(once, order), once);
    equal(withOrder(once, { ...order, seq: 4 }).orders.length, 2);
    equal(recordSchema.safeParse({ orders: [{ ...order, lane: -1 }] }).success, false);
  });

  it('knows what members share by what all hold', () => {
    const book: Book = emptyBook();
    applyEvent(book, { type: 'joined', address: '0x0', key: 1n });
    const levied = { type: 'levied', market: 0, perLot: 5n } as const;
    equal(isShared(book, levied), false);
    const fill = { member: 0, market: 0, lots: 3, price: 1, role: 'taker' } as const;
    applyEvent(book, { type: 'fills', fills: [fill] });
    equal(isShared(book, levied), true);
    equal(isShared(book, { type: 'omnibus', cash: 9n, sizes: [[0, 3]] }), false);
    equal(isShared(book, { type: 'omnibus', cash: 0n, sizes: [[0, 2]] }), true);
  });
});
