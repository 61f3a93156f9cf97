/** pool closings, uncovered: members below maintenance, as the member and the operator see it. */
import { iConfidentialPoolAbi } from '@holdfast/abi';
import { type Market, marketBy, showPrice, showQuote, showSize } from '@holdfast/sdk';
import { clockTime, pairs, type Result, table } from '../io.ts';
import { agreed, type Session } from '../session.ts';
import { memberAt } from './pool-member.ts';
import { keepRecord, type PoolOptions, recordOf } from './pool-place.ts';

/** Every order by which the operator closed oneself, judged by the chain and one's own record. */
export async function closings(s: Session, options: PoolOptions): Promise<Result> {
  const { judgeClosings, withClosings } = await import('@holdfast/pool');
  const { place, info, reader, member } = await memberAt(s, options);
  const view = agreed(await member.holdings());
  const record = withClosings(await recordOf(s, place.pool, member.member), view.closings);
  await keepRecord(s, place.pool, member.member, record);
  if (view.closings.length === 0) {
    return { data: { closings: [] }, text: 'the operator never closed you' };
  }
  const number = await reader.readContract({
    address: info.pool,
    abi: iConfidentialPoolAbi,
    functionName: 'numberOf',
    args: [member.member],
  });
  const judged = await judgeClosings(reader, info, number, record, view.closings);
  const { markets } = await s.info();
  const rows = judged.map(({ closing, fault }) => {
    const market: Market = agreed(marketBy(markets, closing.market));
    const { isBuy, lots, settled, price, mark, equity, maintenance, block, at } = closing;
    const sold = `${isBuy ? 'buy' : 'sell'} ${showSize(market, lots)} ${market.symbol}`;
    const limit = `${showPrice(market, price)} (mark ${showPrice(market, mark)})`;
    const why = `${showQuote(equity)} of ${showQuote(maintenance)} at block ${block}`;
    return [
      clockTime(at),
      sold,
      limit,
      showSize(market, settled),
      why,
      fault?.code ?? 'as it says',
    ];
  });
  const head = ['time', 'order', 'limit', 'filled', 'equity of maintenance', 'own record'];
  const faults = judged.flatMap(({ fault }) => (fault === undefined ? [] : [fault]));
  const lines = [
    table([head, ...rows]),
    ...faults.map(({ code, message }) => `${code}: ${message}`),
  ];
  const data = judged.map(({ closing, fault }) => ({ ...closing, fault }));
  return { data: { closings: data }, text: lines.join('\n') };
}

/** Who is below maintenance and what is done about it; the operator alone is told. */
export async function uncovered(s: Session, options: PoolOptions): Promise<Result> {
  const { member } = await memberAt(s, options);
  const { uncovered: all } = agreed(await member.uncovered());
  if (all.length === 0) return { data: { uncovered: [] }, text: 'nobody is below maintenance' };
  const parts = all.map(({ number, member: address, equity, maintenance, step, message }) =>
    pairs([
      ['member', `${number}, ${address}`],
      ['equity', showQuote(equity)],
      ['maintenance margin', showQuote(maintenance)],
      ['state', message === undefined ? step : `${step}: ${message}`],
    ]),
  );
  return { data: { uncovered: all }, text: parts.join('\n\n') };
}
