/** `/v1/conditionals`: signed conditional orders for keepers to trigger. */
import { encodeFrame, type Forget, type SignedConditional } from '@holdfast/order';
import { type Hex, isRejection, type Rejection } from '@holdfast/units';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { ConditionalDesk, ConditionalFilter } from '../conditionals/desk.ts';
import type { Listed } from '../conditionals/store.ts';
import * as s from './schemas.ts';

const whole = { type: 'integer', minimum: 0 } as const;
const hash = { type: 'string', pattern: '^0x[0-9a-f]{64}$' } as const;
const bytes = { type: 'string', pattern: '^0x([0-9a-fA-F]{2})*$', maxLength: 8194 } as const;

/** Every field of the signed struct, and its signature. */
const signed = {
  account: whole,
  market: whole,
  isBuy: { type: 'boolean' },
  size: { ...whole, description: 'lots' },
  kind: { ...whole, description: '0 stop-loss, 1 take-profit, 2 trailing stop' },
  triggerPrice: { ...whole, description: 'ticks; of a trailing stop, where it trails from' },
  trailPpm: whole,
  limitPrice: { ...whole, description: 'ticks; worst price of the fill' },
  rewardPpm: { ...whole, description: 'most that the fill may be worse than the index price' },
  reduceOnly: { type: 'boolean' },
  since: { ...whole, description: 'prices observed before count for nothing' },
  expiry: whole,
  nonce: { ...whole, description: 'one-time number; orders that share one cancel each other' },
  epoch: whole,
  signature: bytes,
} as const;

const listedSchema = {
  type: 'object',
  properties: { id: whole, hash, at: whole, ...signed },
} as const;

const addBody = {
  type: 'object',
  required: ['order'],
  additionalProperties: false,
  properties: {
    clientId: { type: 'string', maxLength: 64 },
    order: {
      type: 'object',
      required: Object.keys(signed),
      additionalProperties: false,
      properties: signed,
    },
  },
} as const;

const forgetBody = {
  type: 'object',
  required: ['account', 'expiry', 'signature'],
  additionalProperties: false,
  properties: { account: whole, expiry: whole, signature: bytes },
} as const;

const listQuery = {
  type: 'object',
  properties: {
    account: whole,
    market: whole,
    after: { ...whole, description: 'only ids above' },
    limit: { type: 'integer', minimum: 1, maximum: 1000, default: 200 },
  },
} as const;

/** What anybody may see; the client id is its sender's. */
const shown = ({ id, hash: name, at, order }: Listed): object => ({ id, hash: name, at, ...order });

function answer(reply: FastifyReply, result: Listed | Rejection): FastifyReply {
  const body = isRejection(result) ? result : shown(result);
  const status = isRejection(result) ? 422 : 200;
  return reply.code(status).type('application/json').send(encodeFrame(body));
}

export function conditionalRoutes(app: FastifyInstance, desk: ConditionalDesk): void {
  app.get<{ Querystring: ConditionalFilter }>(
    '/v1/conditionals',
    {
      schema: {
        summary: 'Conditional orders that wait for a keeper, oldest first',
        querystring: listQuery,
        response: s.ok(s.listOf(listedSchema), 'orders with their signatures'),
      },
    },
    ({ query }, reply) =>
      reply.type('application/json').send(encodeFrame(desk.list(query).map(shown))),
  );
  app.post<{ Body: { clientId?: string; order: SignedConditional } }>(
    '/v1/conditionals',
    {
      schema: {
        summary: 'Hand in a signed conditional order',
        body: addBody,
        response: s.ok(listedSchema, 'listed; the same request again is answered alike'),
      },
    },
    async ({ body }, reply) => answer(reply, await desk.add(body.order, body.clientId ?? '')),
  );
  app.delete<{ Params: { hash: Hex }; Body: Omit<Forget, 'order'> & { signature: Hex } }>(
    '/v1/conditionals/:hash',
    {
      schema: {
        summary: 'Have this node forget an order; only cancelNonce on chain binds keepers too',
        params: { type: 'object', properties: { hash } },
        body: forgetBody,
        response: s.ok(listedSchema, 'forgotten'),
      },
    },
    async ({ params, body: { signature, ...asked } }, reply) =>
      answer(reply, await desk.forget({ ...asked, order: params.hash }, signature)),
  );
}
