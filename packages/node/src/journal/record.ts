/**
 * Commands as records of a frame's body. The hot command, an order under a plain signature, has a
 * binary form; all others are JSON text, so that any command can be kept.
 *
 *   'J' | bytes u32 | JSON of codec.ts
 *   'O' | fields u8 | at u40 | order 90 (packed) | epoch u32 | clientId u64? | hash 32?
 *
 * `fields`: bit 0 a client id follows, bit 1 the order's hash follows. Big endian throughout.
 */
import { packedOrderBytes, packOrderInto, type SignedOrder, unpackOrder } from '@holdfast/order';
import { EnvironmentError, isRejection } from '@holdfast/units';
import { decodeValue, encodeValue } from './codec.ts';

const JSON_KIND = 0x4a;
const ORDER_KIND = 0x4f;
const HAS_CLIENT = 1;
const HAS_HASH = 2;
const AT = 2;
const ORDER = AT + 5;
const EPOCH = ORDER + packedOrderBytes;
const TAIL = EPOCH + 4;
const ORDER_BYTES_MAX = TAIL + 8 + 32;

const clientPattern = /^(?:0|[1-9][0-9]{0,19})$/;
const hashPattern = /^0x[0-9a-f]{64}$/;
const fieldsKnown = new Set(['type', 'at', 'order', 'clientId', 'hash']);

type OrderCommand = {
  type: 'order';
  at: number;
  order: SignedOrder;
  clientId?: string;
  hash?: string;
};

/** The command if its binary form gives back the very same value. */
function asOrder(command: unknown): OrderCommand | undefined {
  const { type, at, order, clientId, hash } = (command ?? {}) as Partial<OrderCommand>;
  if (type !== 'order' || order === undefined || !isU40(at)) return undefined;
  if (!(order.signature instanceof Uint8Array) || order.signature.length !== 64) return undefined;
  for (const key in command as object) if (!fieldsKnown.has(key)) return undefined;
  if (clientId !== undefined) {
    if (!clientPattern.test(clientId)) return undefined;
    if (clientId.length > 19 && BigInt(clientId) >= 1n << 64n) return undefined;
  }
  if (hash !== undefined && !hashPattern.test(hash)) return undefined;
  return command as OrderCommand;
}

const isU40 = (at: unknown): at is number =>
  typeof at === 'number' && Number.isInteger(at) && at >= 0 && at < 2 ** 40;

/** Collects the records of one body. The buffer is kept from body to body. */
export type RecordWriter = {
  /**
   * Adds all or none.
   *
   * @throws AssertionError if one is an order with a field out of range
   */
  add(commands: readonly unknown[]): void;
  /** A copy of what was added, with `head` bytes of space in front; the writer is empty again. */
  take(head: number): Buffer;
};

export function createRecordWriter(): RecordWriter {
  let data = Buffer.allocUnsafe(64 * 1024);
  let at = 0;

  function room(bytes: number): void {
    if (at + bytes <= data.length) return;
    const wide = Buffer.allocUnsafe(Math.max(2 * data.length, at + bytes));
    data.copy(wide, 0, 0, at);
    data = wide;
  }

  function addOrder({ at: time, order, clientId, hash }: OrderCommand): void {
    room(ORDER_BYTES_MAX);
    data[at] = ORDER_KIND;
    data[at + 1] = (clientId === undefined ? 0 : HAS_CLIENT) | (hash === undefined ? 0 : HAS_HASH);
    data.writeUIntBE(time, at + AT, 5);
    packOrderInto(data, at + ORDER, order);
    data.writeUInt32BE(order.epoch, at + EPOCH);
    at += TAIL;
    if (clientId !== undefined) {
      writeId(data, at, clientId);
      at += 8;
    }
    if (hash !== undefined) at += data.write(hash.slice(2), at, 'hex');
  }

  function addJson(command: unknown): void {
    const text = encodeValue(command);
    const bytes = Buffer.byteLength(text);
    room(5 + bytes);
    data[at] = JSON_KIND;
    data.writeUInt32BE(bytes, at + 1);
    data.write(text, at + 5);
    at += 5 + bytes;
  }

  return {
    add(commands) {
      const start = at;
      try {
        for (const command of commands) {
          const order = asOrder(command);
          if (order === undefined) addJson(command);
          else addOrder(order);
        }
      } catch (error) {
        at = start;
        throw error;
      }
    },
    take(head) {
      const out = Buffer.allocUnsafeSlow(head + at);
      data.copy(out, head, 0, at);
      at = 0;
      return out;
    },
  };
}

function writeId(data: Buffer, at: number, id: string): void {
  if (id.length > 15) {
    data.writeBigUInt64BE(BigInt(id), at);
    return;
  }
  const value = Number(id);
  data.writeUInt32BE(Math.floor(value / 2 ** 32), at);
  data.writeUInt32BE(value % 2 ** 32, at + 4);
}

function readId(data: Buffer, at: number): string {
  const high = data.readUInt32BE(at);
  if (high >= 2 ** 21) return data.readBigUInt64BE(at).toString();
  return String(high * 2 ** 32 + data.readUInt32BE(at + 4));
}

function malformed(why: string): EnvironmentError {
  return new EnvironmentError('JournalDamaged', `journal damaged: a frame holds ${why}`);
}

function readOrder(data: Buffer, at: number): { command: OrderCommand; end: number } {
  const fields = data[at + 1] as number;
  // Of a plain array `slice` copies, of a Buffer it does not: what rests keeps no segment alive.
  const packed = unpackOrder(
    new Uint8Array(data.buffer, data.byteOffset + at + ORDER, packedOrderBytes),
  );
  if (isRejection(packed) || !(packed.signature instanceof Uint8Array)) {
    throw malformed('an order that cannot be read');
  }
  const epoch = data.readUInt32BE(at + EPOCH);
  const order = { ...packed, epoch } as SignedOrder;
  const command: OrderCommand = { type: 'order', order, at: data.readUIntBE(at + AT, 5) };
  let end = at + TAIL;
  if ((fields & HAS_CLIENT) !== 0) {
    command.clientId = readId(data, end);
    end += 8;
  }
  if ((fields & HAS_HASH) !== 0) {
    command.hash = `0x${data.toString('hex', end, end + 32)}`;
    end += 32;
  }
  return { command, end };
}

/** One record at `at`: its command and where the next begins. */
function readRecord(data: Buffer, at: number): { command: unknown; end: number } {
  if (data[at] === ORDER_KIND) return readOrder(data, at);
  if (data[at] !== JSON_KIND) throw malformed(`a record of kind ${data[at]}`);
  const end = at + 5 + data.readUInt32BE(at + 1);
  if (end > data.length) throw malformed('a record that ends early');
  return { command: decodeValue(data.toString('utf8', at + 5, end)), end };
}

/**
 * The commands of a body, in order.
 *
 * @param count - how many there must be
 * @throws EnvironmentError JournalDamaged when the body is no such body
 */
export function readRecords(body: Uint8Array, count: number): unknown[] {
  const data = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const commands: unknown[] = [];
  try {
    for (let at = 0; at < data.length; ) {
      const { command, end } = readRecord(data, at);
      commands.push(command);
      at = end;
    }
  } catch (error) {
    if (error instanceof EnvironmentError) throw error;
    throw malformed(`a record that cannot be read: ${(error as Error).message}`);
  }
  if (commands.length !== count) throw malformed(`${commands.length} records, not ${count}`);
  return commands;
}
