import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Hex } from '@holdfast/units';
import { suspectsOf } from '../src/engine/veto.ts';
import type { Question } from '../src/laws/questions.ts';
import type { VenueEvent } from '../src/rule.ts';
import { emptyTables } from '../src/state/tables.ts';

const bad: Hex = `0x${'ba'.repeat(32)}`;
const good: Hex = `0x${'60'.repeat(32)}`;
const now = 1_000;

const queued = (account: number, txHash: Hex, source = 'vault'): VenueEvent =>
  ({ source, name: 'Queued', args: { account }, txHash, logIndex: 0 }) as VenueEvent;
const broken = (tx?: Hex): Question =>
  ({ law: 'conserved', input: {}, scope: 0, about: 'transaction', tx }) as unknown as Question;

/** Numbers end with their line: 0 small, 1 ordinary, 2 large. */
function tablesWith(...rows: [id: bigint, account: number, readyAt?: number][]) {
  const tables = emptyTables();
  for (const [id, account, readyAt = now + 1] of rows) {
    tables.queue.set(id, { id, account, to: '0x', quote: 1n, readyAt });
  }
  return tables;
}

describe('sentinel: whose withdrawals it stops', () => {
  const tables = tablesWith([10n, 7], [6n, 7], [5n, 7], [4n, 7], [14n, 8], [18n, 7, now]);

  it('is all that waits in the large line for who took out while a law broke', () => {
    const found = suspectsOf([broken(bad)], [queued(7, bad), queued(8, good)], tables, now);
    assert.deepEqual(found, { ids: [6n, 10n], law: 'L03' });
  });

  it('is nobody for a law of the whole state, for honest transactions, for other contracts', () => {
    const events = [queued(7, bad), queued(8, good)];
    assert.equal(suspectsOf([broken()], events, tables, now), undefined);
    assert.equal(suspectsOf([], events, tables, now), undefined);
    assert.equal(suspectsOf([broken(bad)], [queued(8, good)], tables, now), undefined);
    assert.equal(suspectsOf([broken(bad)], [queued(7, bad, 'backstop')], tables, now), undefined);
  });

  it('is nobody once the delay is over', () => {
    assert.equal(suspectsOf([broken(bad)], [queued(7, bad)], tables, now + 1), undefined);
  });
});
