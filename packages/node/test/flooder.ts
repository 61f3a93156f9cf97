/** A thread that sends a node as many badly signed orders as it takes, over many connections. */
import { randomBytes } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { domainSeparator, encodeOrders, loginDigest, signDigest } from '@holdfast/order';
import { fromHex, seconds, toHex } from '@holdfast/units';
import WebSocket from 'ws';
import { bob, makeOrder, START, theDomain } from './fixture.ts';

const { url, connections } = workerData as { url: string; connections: number };
const ordersPerFrame = 64;
const framesMade = 32;
const backlogBytesMax = 1 << 20;

const order = makeOrder(bob.secret, { account: 3 as never });

/** A signature that nobody can tell to be bad without recovering its signer. */
function junk(): Uint8Array {
  const packed = Uint8Array.from(order);
  packed.set(randomBytes(64), 26);
  packed[58] = (packed[58] ?? 0) & 0x9f;
  packed[26] = (packed[26] ?? 0) & 0x7f;
  return packed;
}

const frames = Array.from({ length: framesMade }, () =>
  encodeOrders(Array.from({ length: ordersPerFrame }, () => ({ clientId: '0', packed: junk() }))),
);

let sent = 0;

function flood(socket: WebSocket): void {
  if (socket.readyState !== WebSocket.OPEN) return;
  for (let i = 0; i < 8 && socket.bufferedAmount < backlogBytesMax; i++) {
    socket.send(frames[sent % framesMade] as Uint8Array);
    sent += 1;
  }
  setTimeout(() => flood(socket), 2);
}

for (let i = 0; i < connections; i++) {
  const socket = new WebSocket(url);
  socket.on('error', () => undefined);
  socket.on('message', (data, isBinary) => {
    if (isBinary) return;
    const frame = JSON.parse(data.toString());
    if (frame.op !== 'hello') return;
    // Half of them are an account's owner, half are strangers.
    if (i % 2 === 0) {
      const login = {
        account: 3,
        expiry: seconds(START + 3600),
        nonce: fromHex(frame.nonce),
      } as never;
      const digest = loginDigest(domainSeparator(theDomain), login);
      const signature = toHex(signDigest(digest, bob.secret));
      socket.send(JSON.stringify({ op: 'login', account: 3, expiry: START + 3600, signature }));
    }
    flood(socket);
  });
}

parentPort?.on('message', () => parentPort?.postMessage(sent * ordersPerFrame));
