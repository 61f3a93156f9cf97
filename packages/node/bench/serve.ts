/** A node on loopback with a real journal, for the bench: a process of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@holdfast/host';
import { accountId, type Hex, toQ32 } from '@holdfast/units';
import { serveHub } from '../src/edge/hub.ts';
import { hashFast } from '../src/verify/keccak.ts';
import { fund, keyOf, startFixture } from '../test/fixture.ts';

const traders = Number(process.argv[2]);
const send = (message: object): void => void process.send?.(message);

await hashFast();
const dir = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
const rateLimit = { burst: 2 ** 40, perSecond: 1, quotePerToken: 1_000_000n };
const node = await startFixture(dir, { threads: 1, config: { rateLimit } });
node.advance(1);
await fund(node);
for (let i = 0; i < traders; i++) {
  const account = accountId(100 + i);
  const owner = keyOf(`trader ${i}`).address.toLowerCase() as Hex;
  const cashDelta = toQ32((10n ** 15n) as never);
  const paid = { type: 'external' as const, account, cashDelta, sizes: [] };
  await node.parts.engine.submit([
    { type: 'open', account, owner },
    { ...paid, cause: 'deposit', block: 1 },
  ]);
}
const secrets = new Map([['1', keyOf('gateway 1').secret]]);
const at = { host: '127.0.0.1', port: 0, secrets };
const hub = await serveHub({ ...node, logger: silentLogger() }, at);
send({ url: node.url, hubPort: hub.port });

process.on('message', async (asked) => {
  if (asked !== 'stop') {
    const { user, system } = process.cpuUsage();
    send({ cpu: user + system, applied: node.parts.engine.applied() });
    return;
  }
  await hub.close();
  await node.close();
  await rm(dir, { recursive: true, force: true });
  process.exit(0);
});
