import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createKeyReader, readCommitteeAt, type Venue, watchCommittee } from '@holdfast/host';

const place = { registry: `0x${'aa'.repeat(20)}`, id: 2 } as const;
const chainId = 31_337;
const venue = { committee: place } as unknown as Venue;

/** A registry in memory: a key by its last digit, or no answer. */
function registry() {
  const state = { x: 1n, isRevoked: false, generation: 1, isDown: false, asked: 0, chainId };
  const readContract = async () => {
    state.asked += 1;
    if (state.isDown) throw new Error('down');
    const { x, isRevoked, generation } = state;
    return [x, true, isRevoked, 3, 5, generation, 4, `0x${'22'.repeat(32)}`];
  };
  const getChainId = async () => state.chainId;
  const getBlock = async () => ({ timestamp: 1_800_000_000n });
  return { state, reader: { readContract, getChainId, getBlock } as never };
}

const keyOf = (digit: number): string => `0x03${`${digit}`.padStart(64, '0')}`;

describe('a committee in its registry', () => {
  it('has a key unless it was revoked, and says how many rotations were proposed', async () => {
    const { state, reader } = registry();
    const found = await readCommitteeAt(reader, place);
    assert.equal(found.key, keyOf(1));
    assert.deepEqual([found.threshold, found.size, found.rotations], [3, 5, 4]);
    state.isRevoked = true;
    assert.equal((await readCommitteeAt(reader, place)).key, undefined);
  });

  it('is asked for its key anew after a second, or sooner when a report does not fit', async () => {
    let now = 10_000;
    const { state, reader } = registry();
    const key = createKeyReader(reader, venue, () => now);
    assert.equal(await key(false), keyOf(1));
    state.x = 2n;
    assert.equal(await key(true), keyOf(1), 'whoever sends nonsense costs no call each time');
    now += 300;
    assert.equal(await key(false), keyOf(1));
    assert.equal(await key(true), keyOf(2));
    state.x = 3n;
    now += 1000;
    assert.equal(await key(false), keyOf(3), 'what the key before signed passes no longer');
    state.isDown = true;
    now += 1000;
    assert.equal(await key(false), keyOf(3), 'the chain is away: the key serves on');
    await assert.rejects(createKeyReader(reader, venue)(false), /down/);
  });

  it('is watched: a look that fails leaves the one before, with its age', async () => {
    const { state, reader } = registry();
    const watch = watchCommittee(reader, { ...place, chainId }, 1);
    const until = async (holds: () => boolean): Promise<void> => {
      for (let i = 0; i < 500 && !holds(); i += 1) await new Promise((done) => setTimeout(done, 2));
    };
    await until(() => watch.view() !== undefined);
    assert.equal(watch.view()?.generation, 1);
    assert.equal(watch.view()?.time, 1_800_000_000);
    state.isDown = true;
    const { asked } = state;
    await until(() => state.asked > asked + 2);
    const old = watch.view();
    await until(() => state.asked > asked + 4);
    assert.equal(watch.view()?.atMs, old?.atMs);
    Object.assign(state, { isDown: false, generation: 2 });
    await until(() => watch.view()?.generation === 2);
    assert.equal(watch.view()?.generation, 2);
    Object.assign(state, { chainId: 1, generation: 3 });
    const before = state.asked;
    await until(() => state.asked > before + 4);
    assert.equal(watch.view()?.generation, 2, 'another chain says nothing of our committee');
    watch.close();
  });
});
