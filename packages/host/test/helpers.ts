import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Venue } from '@holdfast/host';

/** A folder that `remove` deletes. */
export function temporaryDir(): { dir: string; remove: () => void } {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-host-'));
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

const someAddress = (digit: string): `0x${string}` => `0x${digit.repeat(40)}`;

/** A well-formed venue; override fields by spreading. */
export function exampleVenue(): Venue {
  return {
    version: 1,
    chainId: 31_337,
    rpcUrl: 'http://127.0.0.1:8545',
    contracts: {
      clearingHouse: someAddress('1'),
      vault: someAddress('2'),
      oracle: someAddress('3'),
      verifier: someAddress('4'),
      breaker: someAddress('5'),
      parameters: someAddress('6'),
      laws: someAddress('7'),
      token: someAddress('8'),
    },
    deployBlock: 1,
    token: { symbol: 'tUSD', decimals: 6 },
    markets: [
      {
        id: 0,
        symbol: 'BTC-USD',
        tickSize: '0.1',
        lotSize: '0.001',
        tickValue: 100,
        initialPpm: 50_000,
        maintenancePpm: 30_000,
        takerFeePpm: 450,
        makerFeePpm: 150,
        priceAgeSecondsMax: 60,
        bandPpm: 100_000,
        fillBandPpm: 50_000,
        fundingRatePpmMax: 120_000,
        openInterestMax: 1_000_000_000,
        openInterestLowPpm: 1_000_000,
        openInterestHighPpm: 1_000_000,
        concentrationPpm: 0,
        concentrationCapPpm: 0,
        isolated: 0,
        markClampPpm: 50_000,
        fundingGapSecondsMax: 7_200,
        liquidationPartPpm: 1_000_000,
        coverSharePpm: 1_000_000,
        backstopLotsMax: 0,
      },
    ],
    clock: { wallEpochMs: 1_000_000, venueEpoch: 1_700_000_000, speed: 1 },
    gateway: { host: '127.0.0.1', port: 7000 },
    relay: { host: '127.0.0.1', port: 7001 },
    reporters: { k: 1, n: 2, addresses: [someAddress('a'), someAddress('b')] },
    sequencer: someAddress('c'),
    node: someAddress('d'),
    blockMs: 1000,
  };
}
