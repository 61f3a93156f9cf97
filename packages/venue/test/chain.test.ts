import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createLifecycle, findFreePort, type Lifecycle, silentLogger, sleep } from '@holdfast/host';
import { createRpc, type RunningChain, readHead, startChain } from '@holdfast/venue';

const begin = 1_700_000_000;
let dir = '';
before(() => {
  dir = mkdtempSync(join(tmpdir(), 'holdfast-chain-'));
});
after(() => rmSync(dir, { recursive: true, force: true }));

async function start(
  place: string,
  speed: number,
  epochMin: number,
): Promise<{ chain: RunningChain; lifecycle: Lifecycle }> {
  const lifecycle = createLifecycle();
  const port = await findFreePort();
  const fixed = { port, chainId: 31_337, blockMs: 50, dumpMs: 60_000, logger: silentLogger() };
  try {
    const chain = await startChain({ ...fixed, dir: place, speed, epochMin, lifecycle });
    return { chain, lifecycle };
  } catch (error) {
    await lifecycle.shutdown('start failed');
    throw error;
  }
}

describe('local chain', () => {
  it('mines by the venue clock, keeps its state and goes on from it', async () => {
    const place = join(dir, 'kept');
    const first = await start(place, 60, begin);
    const rpc = createRpc(first.chain.rpcUrl);
    const address = `0x${'7'.repeat(40)}`;
    await rpc('anvil_setBalance', [address, '0x1234']);
    await sleep(600);
    const head = await readHead(rpc);
    assert.ok(head.number >= 4, `only ${head.number} blocks`);
    const lag = first.chain.clock.now() - head.timestamp;
    assert.ok(head.timestamp >= begin && lag >= 0 && lag < 60, `lag ${lag}`);
    await first.lifecycle.shutdown('test');
    assert.deepEqual(readdirSync(place), ['state.json.gz']);
    await assert.rejects(rpc('eth_chainId'), { code: 'Unreachable' });

    const second = await start(place, 60, 0);
    try {
      assert.ok(second.chain.firstBlock > head.number);
      const again = createRpc(second.chain.rpcUrl);
      assert.equal(await again('eth_getBalance', [address, 'latest']), '0x1234');
      const epoch = second.chain.clock.settings.venueEpoch;
      assert.ok(epoch > head.timestamp && epoch < head.timestamp + 120);
      const block = (await again('eth_getBlockByNumber', ['0x2', false])) as { hash: string };
      assert.match(block.hash, /^0x/);
      // A day passes at once, for the clock and for the chain.
      const before = second.chain.clock.now();
      assert.ok(second.chain.advance(86_400).now() >= before + 86_400);
      await sleep(300);
      const later = (await readHead(again)).timestamp;
      assert.ok(later >= before + 86_400 && later <= second.chain.clock.now(), `${later}`);
    } finally {
      await second.lifecycle.shutdown('test');
    }
  });

  it('says what to do about a state that cannot be read', async () => {
    const place = mkdtempSync(join(dir, 'broken-'));
    writeFileSync(join(place, 'state.json.gz'), 'not packed');
    await assert.rejects(start(place, 1, begin), { code: 'ChainStateBroken', message: /--fresh/ });
  });
});
