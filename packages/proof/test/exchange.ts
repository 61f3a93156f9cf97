/** The files of a book, as operator, member and requester write them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringifyPlain } from '@holdfast/units';
import { addressText, type Member } from '../src/index.ts';
import { bookOf, factsOf, marginWorld } from './world.ts';

/** Writes facts.json, book.json, member.json and question.json; the member is number 2. */
export function writeExchange(dir: string, members: readonly Member[] = bookOf(6)) {
  const { chainId, pool, epoch, context, totals, keys } = factsOf(members);
  const { facts, witness, question } = marginWorld(members, 2);
  const put = (name: string, value: object): string => {
    const path = join(dir, name);
    writeFileSync(path, `${stringifyPlain(value, 2)}\n`);
    return path;
  };
  const { secret, owner, salt, cash, sizes, siblings } = witness;
  return {
    facts: put('facts.json', {
      format: 'holdfast-facts/1',
      chainId,
      pool: addressText(pool),
      epoch,
      context,
      totals,
      keys,
    }),
    book: put('book.json', { format: 'holdfast-book/1', members }),
    member: put('member.json', {
      format: 'holdfast-member/1',
      secret,
      owner: addressText(owner),
      salt,
      cash,
      sizes,
      number: 2,
      siblings,
      chunkRoot: facts.chunkRoot,
    }),
    question: put('question.json', {
      format: 'holdfast-question/1',
      ...question,
      verifier: addressText(question.verifier),
      requester: addressText(question.requester),
      kind: 'maintenance',
      threshold: 0n,
    }),
    root: `${facts.chunkRoot}`,
  };
}
