import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { findFreePort, sleep } from '@holdfast/host';
import { createRpc } from '@holdfast/venue';
import { spawnBareAnvil } from '../anvil.ts';

/** What anvil keeps of old states when nobody tells it where. */
const leftovers = join(homedir(), '.foundry', 'anvil', 'tmp');
const left = (): string[] => (existsSync(leftovers) ? readdirSync(leftovers) : []);

describe('a bare anvil', () => {
  it('leaves nothing behind, not even when it is killed after many blocks', async () => {
    const before = left();
    const port = await findFreePort();
    const child = spawnBareAnvil(['--port', `${port}`, '--accounts', '0', '--silent']);
    try {
      const rpc = createRpc(`http://127.0.0.1:${port}`);
      while (!(await rpc('eth_chainId').catch(() => false))) await sleep(20);
      await rpc('anvil_mine', ['0x400', '0x1']);
      assert.equal(await rpc('eth_blockNumber'), '0x400');
    } finally {
      const gone = once(child, 'close');
      child.kill('SIGKILL');
      await gone;
    }
    const folder = child.spawnargs.at(-1) as string;
    assert.match(folder, /holdfast-anvil-/);
    assert.ok(!existsSync(folder), 'its folder is still there');
    const added = left().filter((name) => !before.includes(name));
    assert.deepEqual(added, []);
  });
});
