import { relative } from 'node:path';
import { type Venue, venuePaths } from '@holdfast/host';

/** What a newcomer wants to know once everything runs. */
export function banner(dir: string, venue: Venue): string {
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
