import swagger from '@fastify/swagger';
import { encodeFrame } from '@holdfast/order';
import { EnvironmentError, isRejection, type Rejection, reject, tryFromHex } from '@holdfast/units';
import { type FastifyInstance, type FastifyReply, fastify } from 'fastify';
import type { ConditionalDesk } from '../conditionals/desk.ts';
import type { Metrics } from '../metrics.ts';
import type { NodeParts } from '../parts.ts';
import type { ReportDesk } from '../reports.ts';
import { conditionalRoutes } from './conditionals.ts';
import * as s from './schemas.ts';
import { accountBody, bookView, impactBody, marketView, ordersView, statusView } from './views.ts';

export type HttpDeps = {
  readonly parts: NodeParts;
  readonly metrics: Metrics;
  readonly reports: ReportDesk;
  readonly conditionals: ConditionalDesk;
  readonly settlerStatus: () => object;
};

function send(reply: FastifyReply, body: unknown): FastifyReply {
  return reply.type('application/json').send(encodeFrame(body as object));
}

function missing(reply: FastifyReply, what: string): FastifyReply {
  return send(reply.code(404), reject('NotFound', `there is no ${what}`));
}

function found(reply: FastifyReply, body: unknown, what: string): FastifyReply {
  return body === undefined ? missing(reply, what) : send(reply, body);
}

function refuse(reply: FastifyReply, rejection: Rejection): FastifyReply {
  return send(reply.code(422), rejection);
}

function answerErrors(app: FastifyInstance, parts: NodeParts): void {
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof EnvironmentError) {
      const { code, message } = error;
      return send(reply.code(503), { code, message });
    }
    const status = (error as { statusCode?: number }).statusCode ?? 500;
    if (status < 500) {
      const { message } = error as Error;
      return send(reply.code(status), reject('Malformed', message));
    }
    parts.logger.error({ error }, 'an HTTP request failed');
    const message = 'the node could not answer this; its log says why';
    return send(reply.code(500), reject('Internal', message));
  });
  app.setNotFoundHandler((request, reply) => missing(reply, `page ${request.url}`));
}

function marketRoutes(app: FastifyInstance, { parts }: HttpDeps): void {
  app.get(
    '/v1/markets',
    { schema: { summary: 'Markets', response: s.ok(s.listOf(s.marketSchema), 'all markets') } },
    (_, reply) =>
      send(
        reply,
        parts.venue.markets.map(({ id }) => marketView(parts, id as never)),
      ),
  );
  const params = s.idParams('market');
  app.get<{ Params: { market: number }; Querystring: { depth: number } }>(
    '/v1/book/:market',
    { schema: { params, querystring: s.bookQuery, response: s.ok(s.bookSchema, 'the book') } },
    ({ params: { market }, query }, reply) =>
      found(reply, bookView(parts, market as never, query.depth), `market ${market}`),
  );
  app.get<{ Params: { market: number } }>(
    '/v1/markets/:market/impact',
    {
      schema: {
        summary: 'Best and impact prices, from which reporters make mark and funding',
        params,
        response: s.ok(s.impactSchema, 'the prices that there are'),
      },
    },
    ({ params: { market } }, reply) =>
      found(reply, impactBody(parts, market as never), `market ${market} with a price`),
  );
  app.get<{ Params: { market: number }; Querystring: { limit: number } }>(
    '/v1/trades/:market',
    {
      schema: {
        params,
        querystring: s.limitQuery,
        response: s.ok(s.listOf(s.fillSchema), 'newest first'),
      },
    },
    ({ params: { market }, query: { limit } }, reply) =>
      send(reply, parts.tape.fills({ market: market as never, limit })),
  );
}

function accountRoutes(app: FastifyInstance, { parts }: HttpDeps): void {
  const params = s.idParams('account');
  app.get<{ Params: { account: number } }>(
    '/v1/accounts/:account',
    { schema: { params, response: s.ok(s.accountSchema, 'the account as the core sees it') } },
    ({ params: { account } }, reply) =>
      found(reply, accountBody(parts, account as never), `account ${account}`),
  );
  app.get<{ Params: { account: number } }>(
    '/v1/accounts/:account/orders',
    { schema: { params, response: s.ok(s.listOf(s.orderSchema), 'resting orders') } },
    ({ params: { account } }, reply) =>
      found(reply, ordersView(parts, account as never), `account ${account}`),
  );
  app.get<{ Querystring: { account?: number; market?: number; limit: number } }>(
    '/v1/fills',
    {
      schema: {
        querystring: s.fillQuery,
        response: s.ok(s.listOf(s.fillSchema), 'newest first'),
      },
    },
    ({ query }, reply) => send(reply, parts.tape.fills(query as never)),
  );
}

function chainRoutes(app: FastifyInstance, { parts }: HttpDeps): void {
  app.get<{ Params: { number: number } }>(
    '/v1/batches/:number',
    { schema: { params: s.idParams('number'), response: s.ok({}, 'a batch and its fills') } },
    ({ params: { number } }, reply) => found(reply, parts.tape.batch(number), `batch ${number}`),
  );
  app.get<{ Params: { seq: number } }>(
    '/v1/receipts/:seq',
    { schema: { params: s.idParams('seq'), response: s.ok(s.receiptSchema, 'a receipt') } },
    ({ params: { seq } }, reply) => {
      const receipt = parts.acks.receipt(seq);
      if (receipt === undefined) return missing(reply, `receipt ${seq} (any more)`);
      const { link, ...rest } = receipt;
      return send(reply, { ...rest, ...link });
    },
  );
}

function reportRoutes(app: FastifyInstance, { reports }: HttpDeps): void {
  app.get(
    '/v1/reports/latest',
    { schema: { summary: 'The newest accepted report', response: s.ok({}, 'raw and decoded') } },
    (_, reply) => found(reply, reports.latest(), 'report yet'),
  );
  app.post<{ Body: { report: string } }>(
    '/v1/reports',
    {
      schema: {
        summary: 'Hand in a signed price report',
        body: s.reportBody,
        response: s.ok({}, 'accepted'),
      },
    },
    async ({ body }, reply) => {
      const raw = tryFromHex(body.report);
      if (raw === undefined) return refuse(reply, reject('ReportMalformed', 'not hexadecimal'));
      const result = await reports.take(raw);
      return isRejection(result) ? refuse(reply, result) : send(reply, result);
    },
  );
}

function statusRoutes(app: FastifyInstance, deps: HttpDeps): void {
  const { parts, metrics, settlerStatus } = deps;
  app.get(
    '/health',
    {
      schema: { summary: '200 while orders are taken, 503 when halted', response: s.ok({}, 'ok') },
    },
    (_, reply) => {
      const halted = parts.halted();
      if (halted === undefined) return send(reply, { ok: true });
      return send(reply.code(503), { ok: false, code: 'Halted', message: halted });
    },
  );
  app.get<{ Querystring: { hash: boolean } }>(
    '/v1/status',
    {
      schema: {
        summary: 'Heads of everything',
        querystring: s.statusQuery,
        response: s.ok(s.statusSchema, 'status'),
      },
    },
    ({ query }, reply) => send(reply, statusView(parts, settlerStatus(), query.hash)),
  );
  app.get(
    '/v1/forced',
    {
      schema: {
        summary: 'Forced requests that wait, in order, and when anyone may execute the next',
        response: s.ok(s.forcedSchema, 'the queue as of the last block'),
      },
    },
    (_, reply) => {
      const { forced } = settlerStatus() as { forced?: object };
      return found(reply, forced, 'queue of forced requests');
    },
  );
  app.get('/metrics', { schema: { hide: true } }, async (_, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );
  app.get('/openapi.json', { schema: { hide: true } }, (_, reply) => send(reply, app.swagger()));
}

/** The HTTP server, not yet listening. WebSockets are served on its `server` by the gateway. */
export async function createHttp(deps: HttpDeps): Promise<FastifyInstance> {
  const app = fastify({ bodyLimit: 1 << 20, forceCloseConnections: true });
  const info = {
    title: 'Holdfast node',
    description: 'Orders enter over the WebSocket at /v1/ws; this is the rest.',
    version: '1',
  };
  await app.register(swagger, { openapi: { info } });
  // Bodies are encoded by us (bigint, bytes); schemas only describe them.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  answerErrors(app, deps.parts);
  app.after(() => {
    marketRoutes(app, deps);
    accountRoutes(app, deps);
    chainRoutes(app, deps);
    reportRoutes(app, deps);
    conditionalRoutes(app, deps.conditionals);
    statusRoutes(app, deps);
  });
  return app;
}
