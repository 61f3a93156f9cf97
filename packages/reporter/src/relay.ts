import {
  type ChainReader,
  createMetrics,
  errorMessage,
  fetchJson,
  type JsonReply,
  type JsonRoutes,
  type JsonServer,
  type Logger,
  type Metrics,
  serveJson,
  type Venue,
} from '@holdfast/host';
import { isRejection, type Rejection, tryTicks } from '@holdfast/units';
import { parseAbi } from 'viem';
import { createCollector, type RelayedReport } from './collect.ts';
import { createCommitteeDesk } from './committee/desk.ts';
import { readObservation, reporterSeparator } from './observe.ts';

const oracleAbi = parseAbi([
  'function price(uint8 market) view returns (uint32 priceTicks, uint40 time)',
]);

/** Reports kept for whoever needs an older one (a keeper whose chain lags behind). */
const reportsKept = 900;

export interface RelayOptions {
  venue: Venue;
  logger: Logger;
  /** Reads accepted prices when the node does not answer. */
  reader: ChainReader;
}

/** Where the prices that reporters must stay near come from. */
export type ReferenceOrigin = 'node' | 'chain' | 'none';

export interface RelayReference {
  origin: ReferenceOrigin;
  prices: Record<string, number>;
}

/** The node's last accepted prices; undefined when it does not answer. */
async function nodeReference(venue: Venue): Promise<RelayReference | undefined> {
  const { host, port } = venue.gateway;
  try {
    const url = `http://${host}:${port}/v1/reports/latest`;
    const { status, body } = await fetchJson(url, { timeoutMs: 1500 });
    if (status !== 200) return undefined;
    const { quotes } = body as { quotes: { market: number; price: number }[] };
    const prices = Object.fromEntries(quotes.map(({ market, price }) => [market, price]));
    return { origin: 'node', prices };
  } catch {
    return undefined;
  }
}

/** The chain's last accepted prices. */
async function chainReference(venue: Venue, reader: ChainReader): Promise<RelayReference> {
  const prices: Record<string, number> = {};
  for (const { id } of venue.markets) {
    const [price] = await reader.readContract({
      address: venue.contracts.oracle,
      abi: oracleAbi,
      functionName: 'price',
      args: [id],
    });
    if (tryTicks(price) !== undefined) prices[id] = price;
  }
  return { origin: Object.keys(prices).length === 0 ? 'none' : 'chain', prices };
}

/** Hands a report to the node. */
async function postReport(venue: Venue, report: RelayedReport): Promise<Rejection | undefined> {
  const { host, port } = venue.gateway;
  const url = `http://${host}:${port}/v1/reports`;
  const { status, body } = await fetchJson(url, { body: { report: report.raw }, timeoutMs: 3000 });
  if (status === 200) return undefined;
  if (isRejection(body)) return body;
  return { code: 'NodeRefused', message: `the node answered ${status}` };
}

/** A relay for a venue whose reports carry the signatures of k reporters. */
function quorumRoutes(
  venue: Venue,
  forward: (report: RelayedReport) => void,
  refuse: (reason: Rejection) => JsonReply,
): JsonRoutes {
  const { k, addresses } = venue.reporters;
  const collector = createCollector({ k, signers: addresses, separator: reporterSeparator(venue) });
  return {
    'POST /v1/observations': async ({ body }) => {
      const read = readObservation(body);
      const outcome = isRejection(read) ? read : await collector.take(read);
      if (isRejection(outcome)) return refuse(outcome);
      if (outcome !== 'waiting') forward(outcome);
      return { status: 200, body: { ok: true, complete: outcome !== 'waiting' } };
    },
  };
}

/** Hands reports to the node, and tells when it begins or ceases to take them. */
function createForwarder(venue: Venue, logger: Logger, metrics: Metrics) {
  const made = metrics.counter('relay_reports_total', 'reports assembled');
  const taken = metrics.counter('relay_reports_taken_total', 'reports that the node accepted');
  let nodeTakes: boolean | undefined;

  function tellNode(takes: boolean, reason: string): void {
    if (takes) taken.inc();
    if (takes !== nodeTakes) {
      if (takes) logger.info('the node takes reports');
      else logger.warn({ reason }, 'the node does not take reports; a keeper can push them');
    }
    nodeTakes = takes;
  }

  async function forward(report: RelayedReport): Promise<void> {
    made.inc();
    try {
      const refusal = await postReport(venue, report);
      tellNode(refusal === undefined, refusal?.message ?? '');
      if (refusal !== undefined) logger.debug({ ...refusal, round: report.round }, 'refused');
    } catch (error) {
      tellNode(false, errorMessage(error));
    }
  }

  return { forward, nodeTakes: () => nodeTakes ?? false };
}

/**
 * Serves the relay: takes signed observations, hands one report per round to the node, and keeps
 * the last ones for keepers. The report is made here of k observations, or signed by the venue's
 * committee, which gets them back. The relay holds no key; it can delay, never forge.
 *
 * Routes: POST /v1/observations, GET /v1/reference, GET /v1/reports/latest,
 * GET /v1/reports?after=ROUND, GET /health, GET /metrics, and those of the committee's desk.
 */
export async function serveRelay(options: RelayOptions): Promise<JsonServer> {
  const { venue, logger, reader } = options;
  const kept: RelayedReport[] = [];
  const metrics = createMetrics();
  const node = createForwarder(venue, logger, metrics);
  const refused = metrics.counter('relay_observations_refused_total', 'observations refused');
  function refuse(reason: Rejection): JsonReply {
    // A late fourth and fifth are the rule, not worth a line.
    if (reason.code !== 'RoundClosed') {
      refused.inc();
      logger.warn({ code: reason.code }, reason.message);
    }
    return { status: 422, body: reason };
  }

  const lastRound = (): number => kept.at(-1)?.round ?? 0;
  const take = (report: RelayedReport): void => {
    kept.push(report);
    if (kept.length > reportsKept) kept.shift();
    void node.forward(report);
  };
  const desk =
    venue.committee && createCommitteeDesk({ ...options, lastRound, refuse, forward: take });
  const silent = desk && metrics.gauge('relay_reporters_silent', 'reporters not heard lately');
  const routes: JsonRoutes = {
    ...(desk?.routes ?? quorumRoutes(venue, take, refuse)),
    'GET /v1/reference': async () => {
      const body = (await nodeReference(venue)) ?? (await chainReference(venue, reader));
      return { status: 200, body };
    },
    'GET /v1/reports/latest': () => {
      const last = kept.at(-1);
      const none = { code: 'NotFound', message: 'no report yet' };
      return last === undefined ? { status: 404, body: none } : { status: 200, body: last };
    },
    'GET /v1/reports': ({ query }) => {
      const after = Number(query.get('after') ?? 0);
      return { status: 200, body: kept.filter(({ round }) => round > after) };
    },
    'GET /health': () => ({
      status: 200,
      body: { ok: true, round: lastRound(), nodeTakes: node.nodeTakes() },
    }),
    'GET /metrics': async () => {
      silent?.set(desk?.silent().length ?? 0);
      return { status: 200, body: await metrics.text() };
    },
  };
  const { host, port } = venue.relay;
  const server = await serveJson({ host, port, routes, logger });
  return {
    ...server,
    close() {
      desk?.close();
      return server.close();
    },
  };
}
