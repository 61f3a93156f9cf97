import { relative } from 'node:path';
import { readJson, type Venue, venuePaths } from '@holdfast/host';
import { sentinelPaths } from '@holdfast/sentinel';
import { sentinelFolder } from './keys.ts';

/** Where the sentinels of a venue that runs serve their panels. */
export function panelsOf(dir: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const { address } = sentinelPaths(sentinelFolder(dir, i + 1));
    return (readJson(address, 'address of a sentinel') as { url: string }).url;
  });
}

/** What a newcomer wants to know once everything runs. */
/** @param panels addresses of the sentinels */
export function banner(dir: string, venue: Venue, panels: readonly string[] = []): string {
  const paths = venuePaths(dir);
  const { host, port } = venue.gateway;
  const short = (path: string): string => {
    const near = relative(process.cwd(), path);
    return near === '' || near.startsWith('..') ? path : `./${near}`;
  };
  const flag = short(dir) === './.holdfast' ? '' : ` --venue ${short(dir)}`;
  const cli = (command: string): string => `    npx holdfast ${command}${flag}`;
  const market = venue.markets[0]?.symbol ?? 'BTC-USD';
  return [
    '',
    'Holdfast is running. Everything here is a local test venue with play money.',
    '',
    `  node         http://${host}:${port}          (GET /v1/markets, /v1/status, /openapi.json)`,
    `  orders       ws://${host}:${port}/v1/ws`,
    ...panels.map(
      (url) => `  sentinel     ${url}          (laws at every block, /findings, /metrics)`,
    ),
    `  chain        ${venue.rpcUrl}          chain id ${venue.chainId}`,
    `  markets      ${venue.markets.map((each) => each.symbol).join(', ')}`,
    `  contracts    clearing house ${venue.contracts.clearingHouse}`,
    `  venue file   ${short(paths.file)}`,
    `  keys         ${short(paths.keys)}`,
    `  logs         ${short(paths.logs)}`,
    '',
    '  Try, in another terminal:',
    cli('status'),
    cli(`book ${market}`),
    cli('key create me'),
    cli('faucet --key me'),
    '',
    '  Ctrl-C stops everything in order; the next npm start goes on from here.',
    '',
  ].join('\n');
}
