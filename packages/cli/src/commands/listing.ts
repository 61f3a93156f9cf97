/** listing: checks of a market as code, and the proposal to list it. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { clearingHouseAbi, parametersAbi, venueAccessAbi } from '@holdfast/abi';
import { errorMessage, readJson } from '@holdfast/host';
import {
  type Check,
  checkListing,
  type Listing,
  type ListingChain,
  type ListingSource,
  marketFields,
  type Sample,
} from '@holdfast/sdk';
import { errorName } from '@holdfast/trust';
import { EnvironmentError, firstFundAccount, reject, tickValueOf } from '@holdfast/units';
import { Command } from 'commander';
import { parse } from 'csv-parse/sync';
import { type Abi, BaseError, encodeFunctionData, type Hex, parseAbi } from 'viem';
import { z } from 'zod';
import { Refused } from '../failure.ts';
import { type Result, table } from '../io.ts';
import type { Session } from '../session.ts';
import { begin, type Floor, floorOf } from './governance.ts';
import { finish, group, type Perform } from './shared.ts';

const whole = z.number().int().min(0);
const listingSchema = z.strictObject({
  symbol: z.string().regex(/^[A-Z0-9]+-[A-Z0-9]+$/, 'such as SOL-USD'),
  tickSize: z.string(),
  lotSize: z.string(),
  /** The tuple in the contracts' units, without its tickValue. */
  params: z.strictObject(
    Object.fromEntries(
      marketFields.filter((name) => name !== 'tickValue').map((name) => [name, whole]),
    ) as Record<string, typeof whole>,
  ),
  shadowLots: whole,
  /** Bars of each source: CSV with columns ts, close and, for depth, volume. */
  sources: z.array(z.strictObject({ name: z.string().min(1), bars: z.string().min(1) })).min(1),
});

const malformed = (message: string) => new EnvironmentError('FileMalformed', message);

/** Times as Unix seconds, whether the file has seconds, milliseconds or a date. */
function timeOf(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Date.parse(text) / 1000;
  return value > 1e11 ? value / 1000 : value;
}

function readSource(path: string, name: string): ListingSource {
  try {
    const rows = parse(readFileSync(path, 'utf8'), { columns: true, trim: true }) as Readonly<
      Record<string, string>
    >[];
    const samples = rows.map(({ ts = '', close = '', volume = '0' }): Sample => {
      const sample = { time: timeOf(ts), close: Number(close), volume: Number(volume) };
      const isWrong = Object.values(sample).some((value) => !Number.isFinite(value));
      if (isWrong || close === '') throw new Error(`a row has no ts or close: ${ts}, ${close}`);
      return sample;
    });
    return { name, samples };
  } catch (error) {
    throw malformed(`bars of ${name}, ${path}: ${errorMessage(error)}`);
  }
}

type Read = { listing: Listing; sources: ListingSource[] };

/** A description and its sources; paths are relative to its own place. */
function readListing(file: string): Read {
  const path = resolve(file);
  const parsed = listingSchema.safeParse(readJson(path, 'market description'));
  if (!parsed.success) throw malformed(`${path}: ${z.prettifyError(parsed.error)}`);
  const { sources, ...listing } = parsed.data;
  const at = dirname(path);
  return {
    listing: listing as Listing,
    sources: sources.map(({ name, bars }) => readSource(resolve(at, bars), name)),
  };
}

type Proposing = { readonly id: number; readonly data: Hex };

async function proposalOf({ reader, venue }: Floor, listing: Listing): Promise<Proposing> {
  const { parameters } = venue.contracts;
  const call = { address: parameters, abi: parametersAbi, functionName: 'marketsCount' } as const;
  const id = Number(await reader.readContract(call));
  const tickValue = tickValueOf(listing.tickSize, listing.lotSize);
  const args = [id, { ...listing.params, tickValue }];
  const data = encodeFunctionData({
    abi: parametersAbi as Abi,
    functionName: 'proposeMarket',
    args,
  });
  return { id, data };
}

/** Whether the contract itself would take the tuple from the governor. */
async function refusalOf(floor: Floor, { data }: Proposing): Promise<string | undefined> {
  const { reader, venue, access } = floor;
  try {
    await reader.call({ account: access, to: venue.contracts.parameters, data });
    return undefined;
  } catch (error) {
    const raw = error instanceof BaseError && error.walk((each) => 'data' in (each as object));
    const reason = (raw as { data?: unknown } | false | null) || undefined;
    if (typeof reason?.data !== 'string') throw error;
    return errorName(reason.data as Hex);
  }
}

async function chainOf(floor: Floor, proposing: Proposing): Promise<ListingChain> {
  const { reader, venue, access } = floor;
  const { token, clearingHouse } = venue.contracts;
  const decimalsAbi = parseAbi(['function decimals() view returns (uint8)']);
  const fund = firstFundAccount + proposing.id;
  const [decimals, shadowQuote, account, refusal] = await Promise.all([
    reader.readContract({ address: token, abi: decimalsAbi, functionName: 'decimals' }),
    reader.readContract({ address: access, abi: venueAccessAbi, functionName: 'shadowQuote' }),
    reader.readContract({
      address: clearingHouse,
      abi: clearingHouseAbi,
      functionName: 'account',
      args: [fund],
    } as never) as Promise<[Hex, bigint]>,
    refusalOf(floor, proposing),
  ]);
  const cash = account[1] >> 32n;
  return {
    tokenDecimals: decimals,
    venueDecimals: venue.token.decimals,
    shadowQuote,
    insuranceQuote: cash > 0n ? cash : 0n,
    refusal,
  };
}

const show = (checks: readonly Check[]): string =>
  table(
    checks.map(({ ok, name, found }) => [ok ? 'ok' : 'NO', name, found]),
    9,
  );

async function check(s: Session, file: string, why: string | undefined): Promise<Result> {
  const { listing, sources } = readListing(file);
  const floor = await floorOf(s, why === undefined ? 'read' : 'sign');
  // What cannot be encoded is what the checks of units and sizes say.
  const proposing = await proposalOf(floor, listing).catch(() => undefined);
  const nothing = { id: 255, data: '0x' as const };
  const chain = await chainOf(floor, proposing ?? nothing);
  const checks = checkListing(listing, sources, chain);
  const failed = checks.filter(({ ok }) => !ok);
  if (failed.length > 0 || proposing === undefined) {
    if (!s.globals.json) s.io.out(`${show(checks)}\n`);
    const names = failed.map(({ name, found }) => `${name} (${found})`);
    const message = `${listing.symbol} fails ${failed.length} checks: ${names.join('; ')}`;
    throw new Refused(reject('ListingRefused', message));
  }
  const next = `holdfast listing check ${file} --propose "why" --key seat-1`;
  if (why === undefined) return { data: { checks }, text: show(checks), next };
  const target = floor.venue.contracts.parameters;
  const begun = await begin(floor, [{ target, data: proposing.data }], why);
  return { ...begun, text: `${show(checks)}\n${begun.text}, market ${proposing.id}` };
}

/** The `listing` group. */
export function listingCommands(perform: Perform): Command {
  const listing = group('listing', 'Check a market by code, and propose it', [
    'holdfast listing check market.json',
    'holdfast listing check market.json --propose "asked for by traders" --key seat-1',
  ]);
  const checking = new Command('check')
    .description('Units, sources, caps and bounds of a market; nothing is sent without --propose')
    .argument('<file>', 'description of the market: docs/GOVERNANCE.md')
    .option('--propose <why>', 'begin the vote when all checks pass');
  listing.addCommand(
    finish(checking, ['holdfast listing check market.json --json']).action((file, options) =>
      perform(options, (s) => check(s, file, options.propose)),
    ),
  );
  return listing;
}
