import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { snapshot, stateHash } from '@holdfast/core';
import { silentLogger } from '@holdfast/host';
import { encodeValue } from '../src/journal/codec.ts';
import { packRecovered, unpackRecovered } from '../src/recovery.ts';
import { alice, makeOrder, withNode } from './fixture.ts';

const logger = silentLogger();

describe('snapshot of a node', () => {
  it('gives back state, receipts, tape and reports; one of an older node as well', () =>
    withNode(async ({ parts, connect }) => {
      const client = await connect();
      const packed = `0x${Buffer.from(makeOrder(alice.secret)).toString('hex')}`;
      client.send({ op: 'orders', orders: [{ clientId: '1', packed }] });
      await client.next('ack');
      const { acks, tape, engine } = parts;
      const { state } = engine;
      const reports = new Map([[1, { raw: '0x01', round: 1, time: 1, quotes: [] } as const]]);
      const whole = packRecovered({ state, acks, tape, reports });
      const saved = { hash: stateHash(state), core: snapshot(state) };
      const rest = { acks: acks.export(), tape: tape.export(), reports };
      const old = Buffer.from(encodeValue({ ...saved, ...rest }));
      for (const bytes of [whole, old]) {
        const found = unpackRecovered(bytes, logger);
        assert.ok(found);
        assert.equal(stateHash(found.state), saved.hash);
        assert.deepEqual(found.acks.head(), acks.head());
        assert.deepEqual(found.acks.receipt(1), acks.receipt(1));
        assert.deepEqual(found.reports, reports);
      }
      await client.close();
    }));

  it('is passed over when its state has another hash', () =>
    withNode(async ({ parts: { acks, tape, engine } }) => {
      const { state } = engine;
      const bytes = packRecovered({ state, acks, tape, reports: new Map() });
      const text = bytes.toString('latin1').replace(/"hash":"0x(.)/, (_, digit) => {
        return `"hash":"0x${digit === '0' ? '1' : '0'}`;
      });
      assert.equal(unpackRecovered(Buffer.from(text, 'latin1'), logger), undefined);
    }));
});
