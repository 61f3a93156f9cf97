import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WebSocket } from 'ws';
import { createBudget } from '../src/gateway/budget.ts';
import { createOutbox, STREAM_BACKLOG_BYTES_MAX } from '../src/gateway/outbox.ts';
import { createDigestSigner } from '../src/verify/sign.ts';

describe('refusals', () => {
  it('are free in small numbers and cost time in large ones, no more than five seconds', () => {
    let now = 0;
    const budget = createBudget(() => now);
    assert.equal(budget.spend(500), 0);
    assert.equal(budget.spend(112), 100, 'the hundred over the burst take 100 ms');
    now = 1000;
    assert.equal(budget.spend(1), 0);
    assert.equal(budget.spend(1e9), 5000);
    now = 6000;
    assert.equal(budget.spend(1), 1, 'what was owed is paid, and no more than that');
  });
});

type FakeSocket = { bufferedAmount: number; isPaused: boolean; sent: number; gone: boolean };

function fake() {
  const state: FakeSocket = { bufferedAmount: 0, isPaused: false, sent: 0, gone: false };
  const socket = Object.assign(state, {
    send(data: string | Uint8Array) {
      state.sent += 1;
      state.bufferedAmount += data.length;
    },
    pause: () => Object.assign(state, { isPaused: true }),
    resume: () => Object.assign(state, { isPaused: false }),
    terminate: () => Object.assign(state, { gone: true }),
  });
  const outbox = createOutbox({
    socket: socket as unknown as WebSocket,
    separator: new Uint8Array(32),
    key: createDigestSigner(`0x${'11'.repeat(32)}`),
    cork: () => undefined,
  });
  return { state, outbox };
}

const ack = (clientId: number) => ({
  clientId: String(clientId),
  status: 'accepted' as const,
  seq: clientId,
  leaf: new Uint8Array(32),
  head: new Uint8Array(32),
});

describe('outbox', () => {
  it('drops market data before it delays an answer', () => {
    const { state, outbox } = fake();
    while (outbox.stream('x'.repeat(10_000))) assert.ok(state.bufferedAmount < 1 << 20);
    assert.ok(state.bufferedAmount <= STREAM_BACKLOG_BYTES_MAX + 10_000);
    assert.equal(state.isPaused, false);
    const before = state.sent;
    outbox.reply({ op: 'pong' });
    assert.equal(state.sent, before + 1);
  });

  it('stops reading from who takes no answers, and reads on when he has taken them', () => {
    const { state, outbox } = fake();
    while (!state.isPaused) outbox.reply({ op: 'pong', text: 'x'.repeat(1000) });
    assert.ok(state.bufferedAmount < 1 << 20);
    outbox.relieve();
    assert.ok(state.isPaused);
    state.bufferedAmount = 0;
    outbox.relieve();
    assert.equal(state.isPaused, false);
    while (!state.gone) outbox.reply({ op: 'pong', text: 'x'.repeat(1000) });
    assert.ok(state.bufferedAmount < 5 << 20, 'and closes the connection in the end');
  });

  it('answers what one turn brings in one signed frame for each form', async () => {
    const { state, outbox } = fake();
    for (let i = 1; i <= 100; i++) outbox.acknowledge([ack(i)], true);
    outbox.acknowledge([ack(101), ack(102)], false);
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(state.sent, 2);
    const items = Array.from({ length: 2500 }, (_, i) => ack(i + 1));
    outbox.acknowledge(items, true);
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(state.sent, 5, 'no frame has more than 1,024');
  });
});
