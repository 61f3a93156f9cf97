import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { silentLogger, sleep } from '@holdfast/host';
import type { Hex } from '@holdfast/units';
import { createEndpoint, type Endpoint } from '../src/chain/endpoint.ts';
import { hashOfHeader, mayContain } from '../src/chain/header.ts';
import { createReads } from '../src/chain/reads.ts';
import { readBlock, readHeader } from '../src/chain/wire.ts';
import { FakeChain, type FakeNode, nobody, startNode } from './support/chain.ts';

const venue: Hex = `0x${'aa'.repeat(20)}`;
const topic: Hex = `0x${'77'.repeat(32)}`;
const log = (data: Hex) => ({ address: venue, topics: [topic], data });

describe('sentinel: reads of several endpoints', () => {
  const chain = new FakeChain();
  const nodes: FakeNode[] = [];
  before(async () => {
    await chain.mine();
    await chain.mine([{ to: venue, logs: [log('0x01'), log('0x02')] }]);
    await chain.mine([{ to: venue, logs: [log('0x03')] }]);
    for (let i = 0; i < 3; i += 1) nodes.push(await startNode(chain));
  });
  after(async () => {
    for (const node of nodes) await node.close();
  });

  /** Reads over fresh endpoints; the third node does `twist`. */
  function open(twist: FakeNode['twist'], count = 3) {
    const third = nodes[2] as FakeNode;
    third.twist = twist;
    third.delayMs = 0;
    const faults: string[] = [];
    const endpoints = nodes
      .slice(3 - count)
      .map(({ url }, i) => createEndpoint(url, i, (_name, fault) => faults.push(fault)));
    const options = { endpoints, addresses: [venue], logger: silentLogger(), waitMsMax: 800 };
    const liar = endpoints.at(-1) as Endpoint;
    return { reads: createReads(options), liar, faults };
  }

  it('agrees on a block, its logs and its parent', async () => {
    const { reads, liar } = open(undefined);
    const agreed = await reads.block(1);
    assert.deepEqual(
      agreed?.logs.map(({ data }) => data),
      ['0x01', '0x02'],
    );
    assert.equal((await reads.block(2))?.block.parentHash, agreed?.block.hash);
    assert.equal(await reads.block(3), undefined);
    assert.equal(await reads.head(), 2);
    assert.equal(liar.standing().trusted, true);
  });

  it('bans for good whoever leaves a log out', async () => {
    const { reads, liar, faults } = open((method, _params, honest) =>
      method === 'eth_getLogs' ? (honest() as unknown[]).slice(1) : undefined,
    );
    assert.equal((await reads.block(1))?.logs.length, 2);
    await sleep(100);
    assert.deepEqual([liar.isBanned(), faults], [true, ['lied']]);
    assert.equal(reads.trusted().length, 2);
    assert.match(liar.standing().why ?? '', /not those in it/);
  });

  it('bans whoever changes a header and keeps its hash', async () => {
    const { reads, liar } = open((method, _params, honest) => {
      const block = method === 'eth_getBlockByNumber' ? honest() : null;
      return block && { ...block, timestamp: '0x1' };
    });
    assert.equal((await reads.block(1))?.logs.length, 2);
    await sleep(50);
    assert.equal(liar.isBanned(), true);
  });

  it('leaves out whoever is on another chain, until it is back', async () => {
    const forged = new FakeChain();
    await forged.mine();
    await forged.mine();
    const { reads, liar } = open((method, params) =>
      method === 'eth_getBlockByNumber' ? forged.blocks[Number(params[0])]?.json : undefined,
    );
    await reads.block(1);
    await sleep(50);
    assert.equal(liar.standing().fault, 'differs');
    (nodes[2] as FakeNode).twist = undefined;
    await reads.block(2);
    await sleep(50);
    assert.equal(liar.standing().trusted, true);
  });

  it('does not wait for one that hangs, nor for a block that is not there', async () => {
    const { reads } = open(undefined);
    (nodes[2] as FakeNode).delayMs = 1_500;
    const began = Date.now();
    assert.equal((await reads.block(1))?.logs.length, 2);
    assert.equal(await reads.block(9), undefined);
    assert.ok(Date.now() - began < 700, 'it waited');
    (nodes[2] as FakeNode).delayMs = 0;
  });

  it('believes nobody when there is no quorum', async () => {
    const { reads } = open(undefined);
    for (const node of nodes.slice(1)) {
      node.twist = (method) => {
        if (method === 'eth_getBlockByNumber') throw new Error('broken');
        return undefined;
      };
    }
    assert.equal(await reads.block(1), undefined);
    assert.equal(await reads.hash(1), undefined);
    for (const node of nodes) node.twist = undefined;
  });

  it('finds a single endpoint out by its receipts', async () => {
    const { reads, liar } = open(
      (method, _params, honest) =>
        method === 'eth_getLogs' ? (honest() as unknown[]).slice(1) : undefined,
      1,
    );
    const agreed = await reads.block(1);
    assert.equal(agreed?.logs.length, 1);
    assert.equal(agreed && (await reads.prove(agreed)), false);
    assert.equal(liar.isBanned(), true);
  });

  it('reads a range with the time of each log', async () => {
    const { reads } = open(undefined);
    const logs = await reads.range(0, 2);
    assert.deepEqual(
      logs.map(({ number, time, data }) => [number, time, data]),
      [
        [1, 1_700_000_002, '0x01'],
        [1, 1_700_000_002, '0x02'],
        [2, 1_700_000_003, '0x03'],
      ],
    );
  });

  it('never says an address of an endpoint that may hold a key', async () => {
    const faults: string[] = [];
    const url = 'http://127.0.0.1:9/v2/secret-key';
    const endpoint = createEndpoint(url, 0, (...told) => faults.push(told.join()));
    await assert.rejects(endpoint.call('eth_chainId', []), (error: Error) => {
      assert.ok(!String(error.stack).includes('secret-key'));
      return true;
    });
    endpoint.blame('failed', `it is at ${url}`);
    assert.ok(!JSON.stringify([faults, endpoint.standing()]).includes('secret-key'));
  });
});

describe('sentinel: headers', () => {
  it('have the hash that a real node gave one', () => {
    // A block of anvil 1.7.1, hardfork Prague.
    const header = readHeader({
      hash: '0xe9ed73451e8ce3fedbcea75a2d8b80833177e9b036fbfa489789ebc7d44d64c9',
      parentHash: '0x2b8e573e184a1e104892d7f49846c01dd61e578011276dbcade86475f0ba9c5e',
      sha3Uncles: '0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347',
      miner: '0x0000000000000000000000000000000000000000',
      stateRoot: '0x955140a9f22402d506e8569641e410ce83c8b6d8dde30e73007fe676f7dccdff',
      transactionsRoot: '0xe064bf1f2265ff7053fdbe5ec998ce415fd95b6a73372d82a82d8972ea18e414',
      receiptsRoot: '0x4498bbf844bf36b1e30bdc4cf1f3bfde86bc1abb0304bfcb81aceba0aa02b517',
      logsBloom: `0x${'00'.repeat(99)}40${'00'.repeat(55)}02${'00'.repeat(39)}40${'00'.repeat(60)}`,
      difficulty: '0x0',
      number: '0x1',
      gasLimit: '0x5f5e100',
      gasUsed: '0xd411',
      timestamp: '0x6553f10a',
      extraData: '0x',
      mixHash: '0xbc2da72fd311fe2034eed8d1b8fba17bf5ac0fe1d0f79465101f76efbbdc8401',
      nonce: '0x0000000000000000',
      baseFeePerGas: '0x3b9aca00',
      withdrawalsRoot: '0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421',
      blobGasUsed: '0x0',
      excessBlobGas: '0x0',
      parentBeaconBlockRoot: `0x${'00'.repeat(32)}`,
      requestsHash: '0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    });
    assert.equal(hashOfHeader(header), header.hash);
    const emitter = '0x5fbdb2315678afecb367f032d93f642f64180aa3';
    assert.ok(mayContain(header.logsBloom, emitter));
    assert.equal(mayContain(header.logsBloom, nobody), false);
  });

  it('change their hash with each field', async () => {
    const chain = new FakeChain();
    await chain.mine();
    const block = readBlock(chain.blocks[0]?.json);
    assert.equal(hashOfHeader(block), block.hash);
    for (const name of ['parentHash', 'receiptsRoot', 'stateRoot', 'mixHash'] as const) {
      const other = { ...block, [name]: `0x${'5a'.repeat(32)}` };
      assert.notEqual(hashOfHeader(other), block.hash, name);
    }
  });
});
