/** The other side of the gateway's bench: signed orders in frames over several connections. */
import {
  domainSeparator,
  encodeOrders,
  loginDigest,
  type OrderItem,
  orderDigest,
  packOrder,
  signDigest,
} from '@holdfast/order';
import { fromHex, toHex } from '@holdfast/units';
import WebSocket from 'ws';
import { createDigestSigner } from '../src/verify/sign.ts';
import { keyOf, START, theDomain } from '../test/fixture.ts';

const separator = domainSeparator(theDomain);
const index = 1_000_000;
const lanes = 200;
const expiry = START + 3600;

export type Trader = {
  readonly account: number;
  /** Orders that nobody has seen: nine in ten quote a lane anew, one takes what rests. */
  orders(count: number): OrderItem[];
  login(nonce: string): string;
};

export function createTrader(i: number): Trader {
  const account = 100 + i;
  const { secret } = keyOf(`trader ${i}`);
  const signer = createDigestSigner(toHex(secret));
  let made = 0;

  function one(): OrderItem {
    made += 1;
    const takes = made % 10 === 0;
    const lane = takes ? lanes : made % lanes;
    const isBuy = lane % 2 === 0;
    const away = takes ? -100 : 1 + (lane >> 1) + ((made * 7 + i) % 11);
    const price = isBuy ? index - away : index + away;
    const order = {
      ...{ account, market: 0, isBuy, size: 1 + (made % 9), price, timeInForce: takes ? 1 : 0 },
      ...{ reduceOnly: false, postOnly: false, expiry, lane, seq: made, epoch: 0 },
    } as never;
    const signature = signer.sign(orderDigest(separator, order));
    const whole = Object.assign({}, order, { signature }) as Parameters<typeof packOrder>[0];
    return { clientId: String(made), packed: packOrder(whole) };
  }

  return {
    account,
    orders: (count) => Array.from({ length: count }, one),
    login(nonce) {
      const request = { account, expiry, nonce: fromHex(nonce) } as never;
      const signature = toHex(signDigest(loginDigest(separator, request), secret));
      return JSON.stringify({ op: 'login', account, expiry, signature });
    },
  };
}

export type Link = {
  readonly trader: Trader;
  send(items: readonly OrderItem[]): void;
  /** Called with the number of answers in an ack frame, and how many of them are refusals. */
  onAck: (count: number, refused: number) => void;
  close(): void;
};

/** Logs a trader in. Answers are counted, not judged: the bench measures the node. */
export function openLink(url: string, trader: Trader): Promise<Link> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/ws`);
    const link: Link = {
      trader,
      send: (items) => socket.send(encodeOrders(items)),
      onAck: () => undefined,
      close: () => socket.terminate(),
    };
    socket.on('error', reject);
    socket.on('message', (data, isBinary) => {
      if (!isBinary) {
        const frame = JSON.parse(String(data));
        if (frame.op === 'hello') socket.send(trader.login(frame.nonce));
        else if (frame.op === 'ok') resolve(link);
        else if (frame.op === 'error') reject(new Error(frame.message));
        return;
      }
      const bytes = data as Buffer;
      const count = bytes.readUInt16BE(1);
      let refused = 0;
      for (let i = 0; i < count; i++) if (bytes[3 + 83 * i + 8] === 0) refused += 1;
      link.onAck(count, refused);
    });
  });
}
