import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  createLifecycle,
  createLogger,
  findFreePort,
  requireFreePort,
  sleep,
  toJson,
  writeFileAtomic,
} from '@holdfast/host';
import { temporaryDir } from './helpers.ts';

describe('lifecycle', () => {
  it('closes in reverse order, once, and goes on after a failure', async () => {
    const order: string[] = [];
    const lifecycle = createLifecycle();
    lifecycle.onShutdown('first', () => void order.push('first'));
    lifecycle.onShutdown('second', () => Promise.reject(new Error('no')));
    lifecycle.onShutdown('third', async () => {
      await sleep(5);
      order.push('third');
    });
    await Promise.all([lifecycle.shutdown('test'), lifecycle.shutdown('again')]);
    assert.deepEqual(order, ['third', 'first']);
    assert.equal(lifecycle.signal.aborted, true);
  });

  it('does not wait for ever for a closer that hangs', async () => {
    const lifecycle = createLifecycle({ closerMsMax: 20 });
    let reached = false;
    lifecycle.onShutdown('last', () => {
      reached = true;
    });
    lifecycle.onShutdown('hangs', () => new Promise(() => undefined));
    await lifecycle.shutdown('test');
    assert.equal(reached, true);
  });
});

describe('a process whose parent is gone', () => {
  it('sees it also when that was before it looked', async () => {
    const code = `import { once } from 'node:events';
      import { watchParent } from '@holdfast/host';
      if (process.connected) await once(process, 'disconnect');
      setTimeout(() => process.exit(1), 5_000);
      watchParent(() => process.exit(7));`;
    const args = ['--import', 'tsx', '--input-type=module', '-e', code];
    const stdio = ['ignore', 'ignore', 'ignore', 'ipc'] as const;
    const child = spawn(process.execPath, args, { stdio: [...stdio], cwd: import.meta.dirname });
    child.disconnect();
    const [exit] = await once(child, 'exit');
    assert.equal(exit, 7);
  });
});

describe('logger', () => {
  it('blanks secrets at the top and one level down', () => {
    const lines: string[] = [];
    const destination = { write: (line: string) => void lines.push(line) };
    const logger = createLogger('test', { level: 'info', destination });
    logger.info({ privateKey: '0xdead', account: { passphrase: 'dead' }, size: 3 }, 'made');
    const line = lines.join('');
    assert.ok(!line.includes('dead'));
    assert.match(line, /"size":3/);
  });
});

describe('ports', () => {
  it('says which port is taken and which option moves it', async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
    const message = `port ${port} is in use by another process; set --rpc-port`;
    await assert.rejects(requireFreePort(port, '--rpc-port'), { code: 'PortInUse', message });
    await new Promise((resolve) => server.close(resolve));
    await requireFreePort(port);
    assert.ok((await findFreePort()) > 0);
  });
});

describe('files', () => {
  it('replaces a file whole and leaves nothing beside it', async () => {
    const { dir, remove } = temporaryDir();
    try {
      const path = join(dir, 'state.json');
      await writeFileAtomic(path, 'one');
      await writeFileAtomic(path, 'two');
      assert.equal(readFileSync(path, 'utf8'), 'two');
      assert.deepEqual(readdirSync(dir), ['state.json']);
      assert.equal(toJson({ cash: 5n }, 0), '{"cash":"5"}');
    } finally {
      remove();
    }
  });
});
