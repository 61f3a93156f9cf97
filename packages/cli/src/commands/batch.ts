/** order batch: many orders in one frame. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { laneMax } from '@holdfast/order';
import type { OrderInput } from '@holdfast/sdk';
import { Command } from 'commander';
import { z } from 'zod';
import { UsageError } from '../failure.ts';
import { type Result, table } from '../io.ts';
import { parseDuration } from '../parse.ts';
import type { Session } from '../session.ts';
import { finish, type Perform } from './shared.ts';

const decimal = z.string().regex(/^\d{1,20}(\.\d{1,18})?$/, 'decimal text, such as "0.01"');

const orderLine = z.strictObject({
  market: z.string(),
  side: z.enum(['buy', 'sell']),
  size: decimal,
  price: decimal,
  tif: z.enum(['GTC', 'IOC', 'FOK']).optional(),
  postOnly: z.boolean().optional(),
  reduceOnly: z.boolean().optional(),
  expires: z.string().optional(),
  lane: z.number().int().min(0).max(laneMax).optional(),
});

/** Orders of a file with one JSON object in each line. @throws UsageError that names the line */
function readOrders(path: string): OrderInput[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${(error as Error).message}`);
  }
  const lines = text.split('\n').map((line, i) => ({ line: line.trim(), place: i + 1 }));
  const orders = lines
    .filter(({ line }) => line !== '')
    .map(({ line, place }): OrderInput => {
      let value: unknown;
      try {
        value = JSON.parse(line);
      } catch {
        throw new UsageError(`${path}, line ${place}: not JSON`);
      }
      const parsed = orderLine.safeParse(value);
      if (!parsed.success) {
        throw new UsageError(`${path}, line ${place}: ${z.prettifyError(parsed.error)}`);
      }
      const { tif, expires = '1d', ...rest } = parsed.data;
      return { ...rest, timeInForce: tif, lifeSeconds: parseDuration(expires) };
    });
  if (orders.length === 0) throw new UsageError(`${path} has no orders`);
  return orders;
}

async function batch(s: Session, path: string): Promise<Result> {
  const orders = readOrders(resolve(s.io.cwd, path));
  const client = await s.client('sign');
  const answers = await client.placeMany(orders);
  const rows = answers.map((answer, i) => {
    const { side, size, market, price } = orders[i] as OrderInput;
    const what = `${side} ${size} ${market} at ${price}`;
    if (!('status' in answer)) return [what, 'rejected', answer.code, ''];
    return [what, answer.status, answer.code ?? '', String(answer.lane)];
  });
  const taken = rows.filter(([, status]) => status === 'accepted').length;
  const shown = table([['order', 'status', 'code', 'lane'], ...rows], 4);
  return {
    data: answers,
    text: `${shown}\n${taken} of ${rows.length} accepted`,
    next: 'holdfast order list',
  };
}

/** The `order batch` command. */
export function batchCommand(perform: Perform): Command {
  const command = new Command('batch')
    .description('Place many orders at once; each is answered on its own')
    .argument('<file>', 'one JSON object in each line: market, side, size, price and options');
  return finish(command, [
    `echo '{"market":"BTC-USD","side":"buy","size":"0.01","price":"99000"}' > o.jsonl`,
    'holdfast order batch o.jsonl',
  ]).action((file, options) => perform(options, (s) => batch(s, file)));
}
