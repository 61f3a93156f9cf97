/** The laws of a fill and of a batch, as the contracts ask them. */
import { mutant, type Property } from '../property.ts';

const lawLib = 'contracts/src/generated/LawLib.sol';

const pure = {
  engine: 'bmc',
  method: 'all inputs',
  plain: ['wide'],
  harness: 'Trading.sol',
  subject: 'LawLib',
} as const;

export const tradingProperties: readonly Property[] = [
  {
    id: 'fill.limit',
    laws: ['L12'],
    title: 'The law of limits says yes exactly when nobody pays more or receives less than signed',
    contract: 'TradingLimit',
    ...pure,
    mutants: [
      mutant(
        'a seller may receive less',
        lawLib,
        '(isBuy ? price <= limit : limit <= price)',
        '(isBuy ? price <= limit : true)',
      ),
    ],
  },
  {
    id: 'fill.reduces',
    laws: ['L13'],
    title: 'The law of reduce-only says yes exactly when a position neither grew nor flipped',
    contract: 'TradingReduces',
    ...pure,
    mutants: [
      mutant(
        'a long position may flip',
        lawLib,
        '? (0 <= sizeAfter && sizeAfter <= sizeBefore)',
        '? (sizeAfter <= sizeBefore)',
      ),
    ],
  },
  {
    id: 'batch.chain',
    laws: ['L15'],
    title: 'The law of batches says yes exactly to the next number on the stored head',
    contract: 'TradingChain',
    ...pure,
    mutants: [
      mutant(
        'another head may be extended',
        lawLib,
        'return number == numberLast + 1 && previous == head;',
        'return number == numberLast + 1;',
      ),
    ],
  },
];
