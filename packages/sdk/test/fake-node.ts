/** A node that answers like the real one and misbehaves on request. For tests only. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Venue } from '@holdfast/host';
import {
  type AckItem,
  type AckStatus,
  ackStatusNames,
  addressOf,
  type ClientFrame,
  cancelAllBody,
  cancelBody,
  codePlace,
  domain,
  domainSeparator,
  encodeAcks,
  encodeFrame,
  genesisHead,
  isFrame,
  loginDigest,
  nextHead,
  orderDigest,
  type PackedOrder,
  type ReceiptKind,
  readClientFrame,
  receiptLeaf,
  receiptsDigest,
  recoverSigner,
  signDigest,
  unpackOrder,
} from '@holdfast/order';
import { type Epoch, isRejection } from '@holdfast/units';
import { privateKeyToAccount } from 'viem/accounts';
import { type WebSocket, WebSocketServer } from 'ws';

const secret = new Uint8Array(32).fill(11);
export const clearingHouse = '0x5fbdb2315678afecb367f032d93f642f64180aa3';
export const traderKey = privateKeyToAccount(`0x${'07'.repeat(32)}`);
const separator = domainSeparator(domain(31_337, clearingHouse));

type Lane = { lane: number; seq: number; filled: number; resting: number };
type Verdict = { status: 'accepted' | 'rejected' | 'cancelled'; code?: string; message?: string };

/** What a test can set, and what it can look at. */
export type FakeNode = {
  readonly venue: Venue;
  readonly url: string;
  /** Orders as they came, with who signed them. */
  readonly orders: { order: PackedOrder; signer: string | undefined }[];
  readonly logins: { account: number; signer: string | undefined }[];
  readonly subscriptions: string[][];
  readonly lanes: Map<number, Lane>;
  judge: (order: PackedOrder) => Verdict;
  /** Connections to drop at their next order frame, after it was taken but before the ack. */
  dropsBeforeAck: number;
  /** Frames to answer with nothing. */
  isDeaf: boolean;
  /** Changes acks after they were signed or before. */
  tamper: ((items: AckItem[]) => AckItem[]) | undefined;
  isForked: boolean;
  epoch: number;
  /** What came to `/v1/conditionals`. */
  readonly requests: { method: string; url: string; body: Record<string, unknown> }[];
  connections(): number;
  push(frame: object): void;
  dropAll(): void;
  close(): Promise<void>;
};

export function venueAt(port: number): Venue {
  const at = (n: number): `0x${string}` => `0x${n.toString(16).padStart(40, '0')}`;
  return {
    version: 1,
    chainId: 31_337,
    // Port 9 (discard) answers nothing: the chain is out of reach.
    rpcUrl: 'http://127.0.0.1:9',
    contracts: {
      clearingHouse,
      vault: at(2),
      oracle: at(3),
      verifier: at(4),
      breaker: at(5),
      parameters: at(6),
      laws: at(7),
      token: at(8),
    },
    deployBlock: 0,
    token: { symbol: 'USD', decimals: 6 },
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
        openInterestMax: 1_000_000,
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
    clock: { wallEpochMs: Date.now(), venueEpoch: 1_700_000_000, speed: 1 },
    gateway: { host: '127.0.0.1', port },
    relay: { host: '127.0.0.1', port: 9 },
    reporters: { k: 1, n: 1, addresses: [at(9)] },
    sequencer: at(10),
    node: addressOf(secret),
    blockMs: 1000,
  };
}

type Chain = { seq: number; head: Uint8Array };
type State = Omit<FakeNode, 'venue' | 'url' | 'connections' | 'push' | 'dropAll' | 'close'> & {
  readonly chain: Chain;
  readonly answered: Map<string, AckItem>;
};

function freshState(): State {
  return {
    orders: [],
    logins: [],
    subscriptions: [],
    lanes: new Map(),
    judge: () => ({ status: 'accepted' }),
    dropsBeforeAck: 0,
    isDeaf: false,
    tamper: undefined,
    isForked: false,
    requests: [],
    epoch: 0,
    chain: { seq: 0, head: genesisHead },
    answered: new Map(),
  };
}

function receipt(
  s: State,
  kind: ReceiptKind,
  clientId: string,
  body: Uint8Array,
  v: Verdict,
): AckItem {
  const seen = s.answered.get(clientId);
  if (seen) return seen;
  const seq = s.chain.seq + 1;
  const status = ackStatusNames.indexOf(v.status) as AckStatus;
  const place = v.code === undefined ? 0 : codePlace(v.code);
  const fields = { kind, seq, clientId: BigInt(clientId), status, codePlace: place, body };
  const leaf = receiptLeaf(fields);
  const head = nextHead(s.isForked ? genesisHead : s.chain.head, leaf);
  Object.assign(s.chain, { seq, head });
  const item = { clientId, ...v, seq, leaf, head };
  s.answered.set(clientId, item);
  return item;
}

function take(s: State, frame: ClientFrame): AckItem[] {
  if (frame.op === 'orders') {
    return frame.orders.map(({ clientId, packed, epoch }) => {
      const order = unpackOrder(packed);
      if (isRejection(order)) throw new Error(order.message);
      if (s.answered.has(clientId)) return receipt(s, 1, clientId, packed, { status: 'accepted' });
      const digest = orderDigest(separator, { ...order, epoch: (epoch ?? s.epoch) as Epoch });
      const signer = recoverSigner(digest, order.signature as Uint8Array);
      s.orders.push({ order, signer });
      const verdict = s.judge(order);
      const { lane, seq, size } = order;
      if (verdict.status === 'accepted') s.lanes.set(lane, { lane, seq, filled: 0, resting: size });
      return receipt(s, 1, clientId, packed, verdict);
    });
  }
  if (frame.op === 'cancel') {
    return frame.items.map(({ clientId, account, lane, seq }) => {
      const known = s.lanes.get(lane);
      const v: Verdict = known?.resting
        ? { status: 'cancelled' }
        : { status: 'rejected', code: 'OrderUnknown', message: 'nothing rests' };
      if (known) known.resting = 0;
      return receipt(s, 2, clientId, cancelBody(account, lane, seq ?? 0), v);
    });
  }
  if (frame.op !== 'cancelAll') return [];
  for (const lane of s.lanes.values()) lane.resting = 0;
  const { account, clientId } = frame;
  return [receipt(s, 3, clientId, cancelAllBody(account), { status: 'cancelled' })];
}

function acknowledge(s: State, socket: WebSocket, items: AckItem[], isBinary: boolean): void {
  const signature = signDigest(receiptsDigest(separator, items), secret);
  const frame = { op: 'ack' as const, items: s.tamper?.(items) ?? items, signature };
  socket.send(isBinary ? encodeAcks(frame) : encodeFrame(frame));
}

function onMessage(s: State, socket: WebSocket, nonce: Uint8Array, data: string | Uint8Array) {
  const frame = readClientFrame(data);
  if (!isFrame(frame)) throw new Error(`malformed: ${frame.message}`);
  const of = frame as ClientFrame;
  if (s.isDeaf) return;
  if (of.op === 'orders' || of.op === 'cancel' || of.op === 'cancelAll') {
    const items = take(s, of);
    if (s.dropsBeforeAck > 0) {
      s.dropsBeforeAck -= 1;
      socket.terminate();
      return;
    }
    acknowledge(s, socket, items, typeof data !== 'string');
    return;
  }
  if (of.op === 'login') {
    const { account, expiry } = of;
    const signer = recoverSigner(loginDigest(separator, { account, expiry, nonce }), of.signature);
    s.logins.push({ account, signer });
    if (account === 666) {
      const refused = { op: 'error', id: of.id, code: 'SignatureWrong', message: 'not yours' };
      socket.send(JSON.stringify(refused));
      return;
    }
  }
  if (of.op === 'subscribe') s.subscriptions.push(of.channels);
  socket.send(JSON.stringify({ op: 'ok', for: of.op, id: of.id }));
}

function serve(s: State, venue: () => Venue, request: IncomingMessage, response: ServerResponse) {
  const send = (body: unknown, status = 200) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  const path = request.url?.split('?')[0] ?? '';
  if (path.startsWith('/v1/conditionals')) {
    let text = '';
    request.on('data', (part) => {
      text += part;
    });
    request.on('end', () => {
      const { method = '' } = request;
      const body = text === '' ? undefined : JSON.parse(text);
      s.requests.push({ method, url: request.url ?? '', body });
      send(method === 'GET' ? [] : { id: 1, hash: '0x', at: 1, ...body.order });
    });
    return;
  }
  const account = /^\/v1\/accounts\/(\d+)$/.exec(path)?.[1];
  if (account !== undefined) {
    const sums = { cashQ32: `${1000n << 32n}`, equity: '1000', initial: '0', maintenance: '0' };
    const lanes = [...s.lanes.values()];
    const base = { account: Number(account), owner: traderKey.address, epoch: s.epoch };
    send({ ...base, ...sums, free: '1000', positions: [], lanes });
  } else if (/\/orders$/.test(path)) send([]);
  else if (path === '/v1/markets') {
    const live = {
      indexPrice: 1_000_000,
      markPrice: 1_000_000,
      priceTime: 1,
      fundingRatePpmPerDay: 0,
    };
    send(venue().markets.map((m) => ({ ...m, ...live, fundingIndex: '0', openInterest: 0 })));
  } else if (path === '/v1/status') send({ ok: true, venueTime: 1_700_000_000 });
  else if (path === '/v1/book/0') send({ market: 0, bids: [[999_000, 5, 1]], asks: [] });
  else if (path === '/v1/fills') send([]);
  else send({ code: 'NotFound', message: `no ${path}` }, 404);
}

/** Starts a fake node on a free port of this machine. */
export async function startFakeNode(): Promise<FakeNode> {
  const s = freshState();
  let venue = venueAt(9);
  const http = createServer((request, response) => serve(s, () => venue, request, response));
  const wss = new WebSocketServer({ server: http, path: '/v1/ws' });
  wss.on('connection', (socket) => {
    const nonce = new Uint8Array(32).fill(wss.clients.size);
    const hello = { op: 'hello', nonce, chainId: 31_337, clearingHouse, node: addressOf(secret) };
    socket.send(encodeFrame(hello));
    socket.on('message', (data, isBinary) => {
      const bytes = data as Buffer;
      onMessage(s, socket, nonce, isBinary ? new Uint8Array(bytes) : bytes.toString());
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as { port: number };
  venue = venueAt(port);
  return Object.assign(s, {
    venue,
    url: `http://127.0.0.1:${port}`,
    connections: () => wss.clients.size,
    push(frame: object) {
      for (const socket of wss.clients) socket.send(encodeFrame(frame));
    },
    dropAll() {
      for (const socket of wss.clients) socket.terminate();
    },
    async close() {
      for (const socket of wss.clients) socket.terminate();
      wss.close();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  });
}
