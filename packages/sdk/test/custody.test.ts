import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clearingHouseAbi, vaultAbi } from '@holdfast/abi';
import { isRejection, reject } from '@holdfast/units';
import {
  type Abi,
  encodeAbiParameters,
  encodeEventTopics,
  type Log,
  parseAbiParameters,
  recoverTypedDataAddress,
} from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import type { ContractCall, Sent } from '../src/chain.ts';
import { createCustody } from '../src/custody.ts';
import type { VenueInfo } from '../src/info.ts';
import {
  draftWithdrawal,
  readNote,
  signWithdrawal,
  withdrawalTypes,
  writeNote,
} from '../src/withdrawal.ts';

const signer = privateKeyToAccount(`0x${'07'.repeat(32)}`);
const house = `0x${'aa'.repeat(20)}` as const;
const vault = `0x${'bb'.repeat(20)}` as const;
const token = `0x${'cc'.repeat(20)}` as const;
const info = {
  chainId: 31_337,
  clearingHouse: house,
  vault,
  token: { address: token, symbol: 'tUSD', decimals: 6 },
  clock: { now: () => 1000 },
} as unknown as VenueInfo;

function logOf(eventName: 'Queued' | 'Paid' | 'Released', args: object, data: `0x${string}`): Log {
  const topics = encodeEventTopics({ abi: vaultAbi as Abi, eventName, args: args as never });
  return { address: vault, topics, data } as unknown as Log;
}

const paidLog = logOf(
  'Paid',
  { to: signer.address },
  encodeAbiParameters(parseAbiParameters('uint256, uint256'), [30n, 900n]),
);
const queuedLog = logOf(
  'Queued',
  { id: 5n, account: 7, to: signer.address },
  encodeAbiParameters(parseAbiParameters('uint256, uint40'), [70n, 1000]),
);

type Answers = Readonly<Record<string, unknown>>;

/** Hands that answer from a table and remember what they were asked to send. */
function hands(answers: Answers, logs: readonly Log[] = [], refuses?: string) {
  const sent: ContractCall[] = [];
  const custody = createCustody({
    info,
    signer: () => signer,
    check: async (call) => {
      const isBare = call.args.at(-1) === '0x';
      return refuses !== undefined && isBare ? reject(refuses, 'no') : undefined;
    },
    perform: async (call) => {
      sent.push(call);
      return { tx: '0x01', block: 3, receipt: { logs } } as unknown as Sent;
    },
    ask: async ({ functionName, args }) => {
      const key = args.length === 1 ? `${functionName}(${args[0]})` : functionName;
      const answer = key in answers ? answers[key] : answers[functionName];
      if (answer === undefined) throw new Error(`nobody answers ${key}`);
      return answer;
    },
    numbers: async (event, account) =>
      (answers[`${event}/${account ?? ''}`] as bigint[] | undefined) ?? [],
  });
  return { custody, sent };
}

const row = (state: number, quote = 70n) => ({
  to: signer.address,
  readyAt: 1000,
  state,
  account: 7,
  quote,
  until: state === 2 ? 5000 : 0,
});
const place = { scale: 1n, position: [2n, 40n], earliest: 4000n };

describe('a withdrawal', () => {
  it('says what was paid and where the rest stands', async () => {
    const { custody, sent } = hands({ ...place, withdrawal: row(1) }, [paidLog, queuedLog]);
    const done = await custody.withdraw(7, '0.0001');
    assert(!isRejection(done));
    assert.equal(done.paid, 30n);
    assert.deepEqual(done.queued, {
      id: 5n,
      account: 7,
      to: signer.address,
      amount: 70n,
      line: 'ordinary',
      state: 'waiting',
      readyAt: 1000,
      until: 0,
      ahead: 2,
      amountAhead: 40n,
      earliest: 4000,
    });
    assert.deepEqual(sent[0]?.args, [7, 100n, signer.address, '0x']);
  });

  it('carries a report only when the chain’s price is stale', async () => {
    const stale = hands({ ...place }, [paidLog], 'PriceStale');
    await stale.custody.withdraw(7, '1', { report: '0x1234' });
    assert.equal(stale.sent[0]?.args.at(-1), '0x1234');
    const fresh = hands({ ...place }, [paidLog]);
    await fresh.custody.withdraw(7, '1', { report: '0x1234' });
    assert.equal(fresh.sent[0]?.args.at(-1), '0x');
  });

  it('takes no notice of logs of other contracts', async () => {
    const foreign = { ...paidLog, address: house } as Log;
    const done = await hands({ ...place }, [foreign]).custody.withdraw(7, '1');
    assert(!isRejection(done));
    assert.equal(done.paid, 0n);
  });

  it('is signed over the fields that the contract hashes', async () => {
    const item = (clearingHouseAbi as Abi).find(
      (each) => each.type === 'function' && each.name === 'withdrawSigned',
    );
    const [tuple] = (item as { inputs: readonly { components?: readonly object[] }[] }).inputs;
    const fields = (tuple?.components ?? []) as { name: string; type: string }[];
    assert.deepEqual(
      fields.map(({ name, type }) => ({ name, type })),
      withdrawalTypes.Withdrawal,
    );
    const message = { account: 7, amount: 5n, to: house, nonce: 1n, expiry: 9, fee: 0n };
    const signature = await signWithdrawal(signer, info, message);
    const found = await recoverTypedDataAddress({
      domain: { name: 'Holdfast', version: '1', chainId: 31_337, verifyingContract: house },
      types: withdrawalTypes,
      primaryType: 'Withdrawal',
      message,
      signature,
    });
    assert.equal(found, signer.address);
  });

  it('is drafted from tokens, and refused with a fee above a tenth', () => {
    const input = { account: 7, amount: '100', to: house, fee: '10', lifeSeconds: 60, nonce: 3 };
    assert.deepEqual(draftWithdrawal(info, input), {
      account: 7,
      amount: 100_000_000n,
      to: house,
      nonce: 3n,
      expiry: 1060,
      fee: 10_000_000n,
    });
    const codeOf = (more: object) => {
      const made = draftWithdrawal(info, { ...input, ...more });
      return isRejection(made) ? made.code : undefined;
    };
    assert.equal(codeOf({ fee: '10.000001' }), 'FeeTooHigh');
    assert.notEqual(codeOf({ amount: 'ten' }), undefined);
    assert.notEqual(codeOf({ fee: '-1' }), undefined);
  });

  it('travels as text, and what is damaged on the way is named', () => {
    const withdrawal = { account: 7, amount: 5n, to: house, nonce: 2n ** 63n, expiry: 9, fee: 0n };
    const signature = `0x${'12'.repeat(65)}` as const;
    const note = { chainId: 31_337, clearingHouse: house, withdrawal, signature };
    const text = writeNote(note);
    assert.deepEqual(readNote(text), note);
    for (const [field, wrong] of [
      ['"amount": "5"', '"amount": "-5"'],
      ['"nonce": "9223372036854775808"', '"nonce": "99999999999999999999"'],
      ['"signature": "0x12', '"signature": "0x1'],
      ['"chainId": 31337,', ''],
    ] as const) {
      assert.ok(text.includes(field), field);
      const read = readNote(text.replace(field, wrong));
      assert.ok(isRejection(read) && read.code === 'NoteMalformed', field);
      assert.match(read.message, new RegExp(/\w+/.exec(field)?.[0] ?? ''));
    }
    assert.ok(isRejection(readNote('{')));
    assert.ok(isRejection(readNote('null')));
  });
});

describe('the queue', () => {
  it('lists what waits by line and place, and what was stopped', async () => {
    const answers = {
      ...place,
      lines: [
        [1n, 2n, 1n],
        [1n, 4n, 2n],
      ],
      'Vetoed/': [6n, 10n],
      'withdrawal(9)': row(1),
      'withdrawal(13)': row(1, 1n),
      'withdrawal(6)': row(2),
      'withdrawal(10)': row(0),
    };
    const rows = await hands(answers).custody.withdrawals();
    assert.deepEqual(
      rows.map(({ id, line, state }) => [id, line, state]),
      [
        [6n, 'large', 'vetoed'],
        [9n, 'ordinary', 'waiting'],
        [13n, 'ordinary', 'waiting'],
      ],
    );
    assert.equal(rows[0]?.until, 5000);
  });

  it('of one account comes from its logs', async () => {
    const answers = {
      ...place,
      'Queued/7': [9n, 13n],
      withdrawal: row(1),
      'withdrawal(9)': row(0),
    };
    const rows = await hands(answers).custody.withdrawals(7);
    assert.deepEqual(
      rows.map(({ id }) => id),
      [13n],
    );
  });

  it('counts what a release paid', async () => {
    const data = encodeAbiParameters(parseAbiParameters('uint256, uint256'), [12n, 0n]);
    const log = logOf('Released', { id: 9n, account: 7 }, data);
    const done = await hands({}, [log, log]).custody.release();
    assert(!isRejection(done));
    assert.equal(done.paid, 24n);
    assert.deepEqual(done.released, [9n, 9n]);
  });
});

describe('a deposit', () => {
  const domainOf = ['0x0f', 'Test Dollar', '1', 31_337n, token, '0x00', []];
  const wallet = { balanceOf: 1_000_000n, allowance: 0n };

  it('signs a permit where the token knows that', async () => {
    const { custody, sent } = hands({ ...wallet, nonces: 4n, eip712Domain: domainOf });
    const done = await custody.deposit(7, '1');
    assert(!isRejection(done));
    assert.equal(done.how, 'permit');
    assert.equal(sent.length, 1);
    const [name, args] = [sent[0]?.functionName, sent[0]?.args ?? []];
    assert.equal(name, 'depositWithPermit');
    assert.deepEqual(args.slice(0, 4), [token, 7, 1_000_000n, 4600n]);
    assert.ok(args[4] === 27 || args[4] === 28);
  });

  it('approves where the token does not, or when told to', async () => {
    const plain = hands(wallet);
    await plain.custody.deposit(7, '1');
    const told = hands({ ...wallet, nonces: 4n, eip712Domain: domainOf });
    await told.custody.deposit(7, '1', 'approve');
    for (const { sent } of [plain, told]) {
      assert.deepEqual(
        sent.map(({ functionName }) => functionName),
        ['approve', 'deposit'],
      );
    }
  });

  it('uses an allowance that is there, and refuses what the wallet does not hold', async () => {
    const allowed = hands({ balanceOf: 5_000_000n, allowance: 5_000_000n });
    const done = await allowed.custody.deposit(7, '1');
    assert(!isRejection(done));
    assert.equal(done.how, 'allowance');
    const poor = await hands(wallet).custody.deposit(7, '2');
    assert.ok(isRejection(poor) && poor.code === 'BalanceShort');
  });
});

describe('a transfer', () => {
  it('names both accounts and token units', async () => {
    const { custody, sent } = hands({});
    await custody.transfer(7, 8, '1.5');
    assert.equal(sent[0]?.functionName, 'transfer');
    assert.deepEqual(sent[0]?.args, [7, 8, 1_500_000n, '0x']);
  });
});
