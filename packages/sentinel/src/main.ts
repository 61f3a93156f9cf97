/** A sentinel as a process: its own folder, key and endpoints; reads nothing else of the venue. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  ensurePrivateDir,
  loadKey,
  loadVenue,
  runProcess,
  serveJson,
  writeJsonAtomic,
} from '@holdfast/host';
import { guardianKey, loadConfig, sentinelPaths } from './config.ts';
import { openDesk } from './outputs/desk.ts';
import { openSentinel } from './sentinel.ts';
import { panel } from './status/panel.ts';
import { createStatusMetrics } from './status/status.ts';

const { values: args } = parseArgs({
  options: {
    venue: { type: 'string', default: '.holdfast' },
    /** Folder of its own: sentinel.json, keys/. */
    folder: { type: 'string' },
    name: { type: 'string', default: 'sentinel' },
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '0' },
    /** File (mode 600) with the passphrase of the key, if not the one beside it. */
    'passphrase-file': { type: 'string' },
    /** Folder of the venue team's own rules; `rules` in its folder unless given. */
    rules: { type: 'string' },
    /** Tell, never act. */
    watch: { type: 'boolean', default: false },
  },
});

await runProcess({ name: args.name }, async ({ logger, lifecycle, ready, progress }) => {
  const venue = loadVenue(args.venue);
  const paths = sentinelPaths(args.folder ?? join(args.venue, 'sentinels', args.name));
  ensurePrivateDir(paths.folder);
  const passphraseFile = args['passphrase-file'];
  const hasKey = existsSync(join(paths.keys, `${guardianKey}.json`));
  const acts = hasKey && !args.watch;
  const account = acts ? await loadKey(paths.keys, guardianKey, { passphraseFile }) : undefined;
  const config = loadConfig(paths.folder);
  const { name } = args;
  const desk = await openDesk({ folder: paths.folder, rulesDir: args.rules, logger });
  lifecycle.onShutdown('findings', () => desk.close());
  const sentinel = await openSentinel({
    name,
    venue,
    config,
    account,
    rules: desk.rules,
    onFound: desk.report,
    logger,
    progress,
  });
  const settle = (): void => {
    const { tip } = sentinel.engine;
    if (tip !== undefined) desk.settle(tip.number, tip.time);
  };
  const settling = setInterval(settle, 1000);
  lifecycle.onShutdown('settling', async () => {
    clearInterval(settling);
    settle();
  });
  const metrics = createStatusMetrics();
  const status = () => sentinel.status();
  const server = await serveJson({
    host: args.host,
    port: Number(args.port),
    logger,
    routes: {
      'GET /': () => ({ status: 200, body: panel(name), type: 'text/html; charset=utf-8' }),
      'GET /health': () => ({ status: sentinel.engine.healthy() ? 200 : 503, body: { name } }),
      'GET /status': () => ({ status: 200, body: status() }),
      'GET /findings': () => ({ status: 200, body: sentinel.recent.rows() }),
      'GET /records': () => ({
        status: 200,
        body: { ...desk.fatigue(), rules: desk.rules.length },
      }),
      'GET /metrics': async () => {
        const texts = await Promise.all([metrics(status()), desk.metrics()]);
        return { status: 200, body: texts.join('\n') };
      },
    },
  });
  lifecycle.onShutdown('status', () => server.close());
  const running = sentinel.run(lifecycle.signal);
  lifecycle.onShutdown('last block', () => running);
  const url = `http://${args.host}:${server.port}`;
  await writeJsonAtomic(paths.address, { name, url, pid: process.pid }, 0o644);
  ready({ url, guardian: account?.address });
});
