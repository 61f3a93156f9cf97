import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFairQueue } from '../src/gateway/fair.ts';
import { createStage } from '../src/gateway/stage.ts';

function fill(queue: ReturnType<typeof createFairQueue<string>>, flow: string, member: string) {
  let taken = 0;
  while (queue.push(flow, member, `${flow} ${member} ${taken}`)) taken += 1;
  return taken;
}

describe('fair queue', () => {
  it('serves flows in turn, and the members of a flow, each in its own order', () => {
    const queue = createFairQueue<string>(1000);
    for (let i = 0; i < 4; i++) {
      queue.push('a', '1', `a1-${i}`);
      if (i < 2) queue.push('b', '2', `b2-${i}`);
      if (i < 2) queue.push('a', '3', `a3-${i}`);
    }
    const served = queue.take(100);
    assert.deepEqual(served, ['a1-0', 'b2-0', 'a3-0', 'b2-1', 'a1-1', 'a3-1', 'a1-2', 'a1-3']);
    assert.equal(queue.size(), 0);
  });

  it('leaves room for a newcomer, however many flood it', () => {
    const queue = createFairQueue<string>(9000);
    assert.equal(fill(queue, 'flooder', '1'), 3000, 'one alone gets a third');
    for (let i = 2; i < 30; i++) fill(queue, 'flooder', String(i));
    for (let i = 0; i < 20; i++) fill(queue, `other ${i}`, '1');
    assert.ok(queue.push('honest', '1', 'honest'));
    assert.ok(queue.size() <= 9000 + 50 * 32);
    assert.ok(queue.take(22).includes('honest'), 'and a turn within one round');
  });

  it('holds order and count over long use', () => {
    const queue = createFairQueue<string>(100_000);
    let next = 0;
    for (let round = 0; round < 50; round++) {
      for (let i = 0; i < 400; i++) queue.push('a', '1', String(round * 400 + i));
      for (const item of queue.take(380)) assert.equal(item, String(next++));
    }
    assert.equal(queue.size(), 50 * 20);
  });
});

describe('stage', () => {
  it('holds its window, gathers a tick into batches, and waits for what comes after', async () => {
    const batches: number[] = [];
    const finish: (() => void)[] = [];
    let isOpen = false;
    const stage = createStage<number>({
      serve: (batch) =>
        new Promise((done) => {
          batches.push(batch.length);
          finish.push(done);
        }),
      batchMax: 4,
      batchesMax: 2,
      roomMax: 1000,
      mayServe: () => isOpen,
    });
    const tick = () => new Promise((resolve) => setTimeout(resolve, 5));
    for (let i = 0; i < 20; i++) stage.push('a', '1', i);
    await tick();
    assert.deepEqual(batches, [], 'what comes after is full');
    isOpen = true;
    stage.kick();
    await tick();
    assert.deepEqual(batches, [4, 4]);
    finish.shift()?.();
    await tick();
    assert.deepEqual(batches, [4, 4, 4]);
    assert.equal(stage.waiting(), 16);
    assert.ok(stage.delayMs() >= 20);
  });
});
