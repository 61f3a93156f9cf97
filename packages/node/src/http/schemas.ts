/** JSON Schemas of the HTTP interface; OpenAPI is generated from them. Amounts are decimal text. */

const whole = { type: 'integer', minimum: 0 } as const;
const amount = {
  type: 'string',
  pattern: '^-?[0-9]+$',
  description: 'quote units (10^-6)',
} as const;
const bytes = { type: 'string', pattern: '^0x[0-9a-fA-F]*$' } as const;
const level = {
  type: 'array',
  items: whole,
  description: '[price in ticks, lots, orders]',
} as const;

const object = (properties: Record<string, object>, description?: string) => ({
  type: 'object' as const,
  properties,
  additionalProperties: true,
  ...(description === undefined ? {} : { description }),
});
const list = (items: object) => ({ type: 'array' as const, items });

export const errorSchema = object({
  code: { type: 'string', description: 'the same code as the contracts where both have one' },
  message: { type: 'string' },
});

const position = object({ market: whole, size: { type: 'integer' } });

export const marketSchema = object({
  id: whole,
  symbol: { type: 'string' },
  tickSize: { type: 'string' },
  lotSize: { type: 'string' },
  tickValue: whole,
  indexPrice: { ...whole, description: 'ticks; 0 before the first report' },
  markPrice: { ...whole, description: 'ticks; what positions are valued at; 0 before the first' },
  priceTime: whole,
  fundingRatePpmPerDay: { type: 'integer' },
  fundingIndex: amount,
  openInterest: whole,
  phase: { type: 'string', enum: ['continuous', 'call'] },
  call: object(
    {
      until: { ...whole, description: 'when it may end, venue time' },
      cause: { type: 'string', enum: ['opening', 'prices', 'breaker', 'operator'] },
      price: { ...whole, description: 'at which it would trade now, ticks; 0: nothing crosses' },
      lots: whole,
      bid: whole,
      offered: whole,
    },
    'while orders are collected for an auction',
  ),
});

export const bookSchema = object({ market: whole, bids: list(level), asks: list(level) });

const maybe = (text: string) => ({ ...whole, description: `ticks; absent when ${text}` });
export const impactSchema = object({
  market: whole,
  lots: { ...whole, description: 'what 500 quote tokens of initial margin buy at the index' },
  bid: maybe('there is none'),
  ask: maybe('there is none'),
  last: maybe('nothing has traded'),
  impactBid: maybe('fewer lots are bid for'),
  impactAsk: maybe('fewer lots are offered'),
  time: { ...whole, description: 'venue time, seconds' },
});

export const accountSchema = object({
  account: whole,
  owner: bytes,
  epoch: whole,
  cashQ32: { ...amount, description: 'cash with 32 fractional bits, funding folded in' },
  userPpm: { ...whole, description: 'initial margin that the owner demands of itself' },
  equity: amount,
  initial: amount,
  maintenance: amount,
  free: { ...amount, description: 'equity free for new risk, open orders at their worst' },
  positions: list(position),
  lanes: list(object({ lane: whole, seq: whole, filled: whole, resting: whole })),
});

export const orderSchema = object({
  account: whole,
  market: whole,
  isBuy: { type: 'boolean' },
  price: whole,
  size: whole,
  remaining: whole,
  lane: whole,
  seq: whole,
  expiry: whole,
  reduceOnly: { type: 'boolean' },
  postOnly: { type: 'boolean' },
});

const side = object({ account: whole, lane: whole, seq: whole, isBuy: { type: 'boolean' } });
export const fillSchema = object({
  id: whole,
  market: whole,
  price: whole,
  lots: whole,
  maker: side,
  taker: side,
  makerFee: amount,
  takerFee: amount,
  at: whole,
  status: { type: 'string', enum: ['matched', 'sealed', 'settled', 'unwound'] },
  batch: whole,
});

export const receiptSchema = object({
  seq: whole,
  kind: whole,
  account: whole,
  clientId: { type: 'string' },
  status: { type: 'string' },
  code: { type: 'string' },
  leaf: bytes,
  head: bytes,
});

export const statusSchema = object({
  ok: { type: 'boolean' },
  halted: { type: 'string' },
  venueTime: whole,
  stateHash: bytes,
  journal: object({ commands: whole, head: { type: 'string' } }),
  receipts: object({ seq: whole, head: bytes }),
  settler: object({}),
});

const forcedEntry = object({
  number: whole,
  kind: { type: 'string', enum: ['withdraw', 'close', 'cancelAll'] },
  account: whole,
  market: whole,
  isLong: { type: 'boolean' },
  limit: whole,
  time: whole,
  deadline: whole,
  amount,
  to: bytes,
});

export const forcedSchema = object({
  next: whole,
  count: whole,
  deadline: { ...whole, description: 'seconds; 0 when none waits' },
  waiting: list(forcedEntry),
  aside: list(forcedEntry),
  hold: object({}, 'why the next one is not executed; null when nothing is in the way'),
});

export const fillQuery = object({
  account: whole,
  market: whole,
  limit: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
});
export const bookQuery = object({
  depth: { type: 'integer', minimum: 1, maximum: 500, default: 50 },
});
export const limitQuery = object({
  limit: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
});
/** The hash costs a pass over the whole state: a second with a hundred thousand orders. */
export const statusQuery = object({ hash: { type: 'boolean', default: false } });
export const idParams = (name: string) => ({
  type: 'object' as const,
  properties: { [name]: whole },
  required: [name],
});
export const reportBody = {
  type: 'object' as const,
  properties: { report: { ...bytes, maxLength: 200_000 } },
  required: ['report'],
  additionalProperties: false,
};
export const ok = (schema: object, description: string) => ({
  200: { description, ...schema },
  '4xx': { description: 'refused', ...errorSchema },
  '5xx': { description: 'the node cannot answer', ...errorSchema },
});
export const listOf = list;
