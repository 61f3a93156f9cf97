import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { linkBytecode } from '../src/link.ts';

const address = `0x${'Ab'.repeat(20)}` as const;
const bytecode = `0x60${'_'.repeat(40)}61${'_'.repeat(40)}62` as const;

describe('linkBytecode', () => {
  it('fills every place of a library and nothing else', () => {
    const code = linkBytecode(bytecode, { Margin: [1, 22] }, { Margin: address });
    assert.equal(code, `0x60${'ab'.repeat(20)}61${'ab'.repeat(20)}62`);
  });
  it('rejects a missing and a malformed address', () => {
    assert.throws(() => linkBytecode(bytecode, { Margin: [1] }, {}), RangeError);
    assert.throws(() => linkBytecode(bytecode, { Margin: [1] }, { Margin: '0x12' }), RangeError);
  });
});
