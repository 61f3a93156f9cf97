import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { alice, bob, type Emit, openScene, type Scene } from './support/venue.ts';

/** A venue in which three requests wait that were made at one second. */
function queued(): { scene: Scene; due: number } {
  const scene = openScene();
  const { time } = scene;
  const request = {
    kind: 3,
    account: 2,
    market: 0,
    isLong: false,
    limit: 0,
    time,
    deadline: time + 900,
    amount: 0n,
    to: alice,
    nonce: 0n,
  };
  const head = `0x${'12'.repeat(32)}`;
  const ask = (number: bigint): Emit => [
    'forcedQueue',
    'ForcedRequested',
    { number, account: 2, request, head },
  ];
  scene.pass([{ emits: [ask(1n), ask(2n), ask(3n)] }]);
  return { scene, due: time + 900 };
}

const aside = (number: bigint): Emit => ['forcedQueue', 'ForcedSetAside', { number }];
const taken = (number: bigint): Emit => ['forcedQueue', 'ForcedTaken', { number, executor: bob }];
const frozen = (number: bigint): Emit => [
  'clearingHouse',
  'VenueFrozen',
  { time: 0, round: 1, number },
];

describe('sentinel: requests that step aside (L22, L23)', () => {
  it('tells of one that is passed before its deadline, or out of turn', () => {
    const early = queued();
    assert.deepEqual(early.scene.pass([{ emits: [aside(1n)] }]), ['forcedInTurn']);
    const { scene, due } = queued();
    scene.time = due + 10;
    assert.deepEqual(scene.pass([{ emits: [aside(2n)] }]), ['forcedInTurn']);
  });

  it('takes one from aside in any order, and once', () => {
    const { scene, due } = queued();
    scene.time = due + 10;
    assert.deepEqual(scene.pass([{ emits: [aside(1n), aside(2n)] }]), []);
    assert.deepEqual(scene.pass([{ emits: [taken(3n), taken(2n), taken(1n)] }]), []);
    assert.deepEqual(scene.pass([{ emits: [taken(1n)] }]), ['forcedInTurn']);
  });

  it('knows a freeze for the oldest aside from one that is too early', () => {
    const { scene, due } = queued();
    scene.time = due + 10;
    scene.pass([{ emits: [aside(1n), aside(2n), taken(3n), taken(1n)] }]);
    scene.time = due + 21_600 + 259_200 - 10;
    assert.deepEqual(scene.pass([{ emits: [frozen(2n)] }]), ['freezeLawful']);
    const late = queued();
    late.scene.time = late.due + 10;
    late.scene.pass([{ emits: [aside(1n), taken(2n), taken(3n)] }]);
    late.scene.time = late.due + 21_600 + 259_200 + 1;
    assert.deepEqual(late.scene.pass([{ emits: [frozen(1n)] }]), []);
  });
});
