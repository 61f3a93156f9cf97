import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pickInForce } from '@holdfast/reporter';
import type { Hex } from '@holdfast/units';

const key = (digit: string): Hex => `0x02${digit.repeat(64)}`;
const holding = (digit: string | undefined) => ({
  name: digit,
  key: () => (digit === undefined ? undefined : key(digit)),
});
const [making, old, next] = [holding(undefined), holding('1'), holding('2')];

describe('the key that a reporter signs with', () => {
  it('is the one that the registry names, whatever else it holds', () => {
    const members = [old, next, making];
    assert.equal(pickInForce(members, { key: key('1') }), old);
    assert.equal(pickInForce(members, { key: key('2') }), next);
  });

  it('is none when it holds no part of it, or when the key was revoked', () => {
    assert.equal(pickInForce([old, next], { key: key('3') }), undefined);
    assert.equal(pickInForce([old, making], { key: undefined }), undefined);
  });

  it('is the oldest that it has while it has not seen the chain', () => {
    assert.equal(pickInForce([making, old, next], undefined), old);
    assert.equal(pickInForce([making], undefined), undefined);
  });
});
