/** Auctions as the operator wants them: policies from `node.json`, calls by command. */
import { type AuctionPolicy, type CoreEvent, callSecondsMax, callView } from '@holdfast/core';
import {
  errorMessage,
  findMarket,
  type JsonReply,
  type JsonRoutes,
  type JsonServer,
  serveSocket,
  type Venue,
} from '@holdfast/host';
import { EnvironmentError, type MarketId, marketId } from '@holdfast/units';
import { z } from 'zod';
import type { Input } from './engine.ts';
import type { NodeParts } from './parts.ts';
import type { AuctionSettings } from './settings.ts';

const none: AuctionSettings = { venue: { openSeconds: 0, reopenSeconds: 0 }, markets: {} };

/** Policies by scope: 0 the venue, 1 + market id one market. */
function wanted({ venue: all, markets }: AuctionSettings, venue: Venue) {
  const scopes = new Map<number, AuctionPolicy>();
  if (all.openSeconds > 0 || all.reopenSeconds > 0) scopes.set(0, all);
  for (const [name, policy] of Object.entries(markets)) {
    scopes.set(1 + findMarket(venue, name).id, policy);
  }
  return scopes;
}

const isSame = (a: AuctionPolicy | undefined, b: AuctionPolicy): boolean =>
  a?.openSeconds === b.openSeconds && a.reopenSeconds === b.reopenSeconds;

/**
 * Brings the core to what the configuration says, by commands: the journal tells every change.
 *
 * @throws EnvironmentError MarketUnknown, and the journal's
 */
export async function applyPolicies(
  { engine, venue, logger }: NodeParts,
  settings: AuctionSettings = none,
): Promise<void> {
  const now = engine.state.auctions;
  const scopes = wanted(settings, venue);
  const inputs: Input[] = [];
  for (const [scope, policy] of scopes) {
    if (!isSame(now.get(scope), policy)) inputs.push({ type: 'auctions', scope, policy });
  }
  for (const scope of now.keys()) {
    if (!scopes.has(scope)) inputs.push({ type: 'auctions', scope, policy: null });
  }
  if (inputs.length === 0) return;
  await engine.submit(inputs);
  logger.info({ auctions: settings }, 'auctions are as the configuration says');
}

/**
 * A node that has halted ends no call: its fills would never settle. Goes on until an operator has
 * mended it and ends the call, a day at the most.
 */
export function holdCalls({ engine, logger }: NodeParts): void {
  const inputs: Input[] = [];
  for (const { id: market, call } of engine.state.markets.values()) {
    if (call !== undefined) inputs.push({ type: 'call', market, seconds: callSecondsMax });
  }
  engine.submit(inputs).catch((error) => {
    logger.error({ error: errorMessage(error) }, 'calls may end though the node has halted');
  });
}

/** What everybody may know of a market's matching. */
export function phaseOf({ engine }: NodeParts, id: MarketId): object {
  const call = callView(engine.state, id);
  return call === undefined ? { phase: 'continuous' } : { phase: 'call', call };
}

const bodySchema = z.strictObject({
  market: z.union([z.string(), z.number()]),
  seconds: z.number(),
});

function refusal(code: string, message: string): JsonReply {
  return { status: 422, body: { code, message } };
}

function outcomeOf(events: readonly CoreEvent[], market: string): JsonReply {
  for (const event of events) {
    if (event.type === 'rejected') return refusal(event.code, event.message);
    if (event.type === 'call') return { status: 200, body: { ...event, market, phase: 'call' } };
    if (event.type === 'auction') {
      return { status: 200, body: { ...event, market, phase: 'continuous' } };
    }
  }
  return refusal('Internal', 'the call came to nothing');
}

async function call(parts: NodeParts, body: unknown): Promise<JsonReply> {
  const parsed = bodySchema.safeParse(body);
  if (!parsed.success) return refusal('Malformed', z.prettifyError(parsed.error));
  const { market: name, seconds } = parsed.data;
  const halted = parts.halted();
  if (halted !== undefined && seconds === 0) return refusal('Halted', `the node: ${halted}`);
  try {
    const { id, symbol } = findMarket(parts.venue, name);
    const input: Input = { type: 'call', market: marketId(id), seconds };
    const [outcome] = await parts.engine.submit([input]);
    return outcomeOf(outcome?.events ?? [], symbol);
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    return refusal(error.code, error.message);
  }
}

function listing({ engine, venue }: NodeParts): JsonReply {
  const { state } = engine;
  const markets = venue.markets.map(({ id, symbol }) => {
    const policy = state.auctions.get(1 + id) ?? state.auctions.get(0) ?? none.venue;
    return { market: symbol, policy, call: callView(state, marketId(id)) ?? null };
  });
  return { status: 200, body: markets };
}

/** The operator's commands: `GET /auctions`, `POST /auctions {market, seconds}`. */
export const auctionRoutes = (parts: NodeParts): JsonRoutes => ({
  'GET /auctions': () => listing(parts),
  'POST /auctions': ({ body }) => call(parts, body),
});

/** Serves the commands. A node whose folder does not take a socket runs without them. */
export async function serveOperator(
  parts: NodeParts,
  path: string | undefined,
): Promise<JsonServer | undefined> {
  if (path === undefined) return undefined;
  try {
    return await serveSocket(path, auctionRoutes(parts), parts.logger);
  } catch (error) {
    parts.logger.warn({ error: errorMessage(error) }, 'no operator’s commands: auctions by policy');
    return undefined;
  }
}
