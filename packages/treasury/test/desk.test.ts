/** A signer before its own node: what it finds there, what a person approves, what is signed. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createClock, silentLogger, sleep } from '@holdfast/host';
import { type Hex, isRejection } from '@holdfast/units';
import { encodeAbiParameters, pad, toEventSelector } from 'viem';
import {
  createDesk,
  type Desk,
  type Examination,
  encodeInstruction,
  examine,
  type Instruction,
  openLedger,
} from '../src/index.ts';
import {
  expectInstruction,
  type FakeNode,
  groupKey,
  honest,
  openPolicy,
  payee,
  type Says,
  startNode,
  thief,
  token,
  treasury,
  units,
  venueAt,
} from './fixture.ts';
import { instruction, pay } from './support.ts';

const topic = (name: string): Hex => toEventSelector(name);
const padded = (address: Hex): Hex => pad(address, { size: 32 });
const amount = encodeAbiParameters([{ type: 'uint256' }], [1n]);
const log = (address: Hex, name: string, ...topics: Hex[]) => ({
  address,
  topics: [topic(name), ...topics],
  data: amount,
});
const transfer = 'Transfer(address,address,uint256)';
const approval = 'Approval(address,address,uint256)';

describe('a signer', () => {
  const root = mkdtempSync(join(tmpdir(), 'hs-'));
  let fake: FakeNode;
  let count = 0;
  before(async () => {
    fake = await startNode();
  });
  after(async () => {
    await fake.close();
    rmSync(root, { recursive: true, force: true });
  });

  function examiner(change: object = {}, key = groupKey) {
    count += 1;
    const { policy, book } = openPolicy(change, fake.url);
    const dir = join(root, `${count}`);
    mkdirSync(dir);
    const ledger = openLedger(dir);
    const clock = createClock(venueAt().clock);
    return { policy, book, ledger, clock, groupKey: () => key };
  }

  async function look(says: Partial<Says>, of: Instruction = instruction()): Promise<Examination> {
    fake.node.says = { ...honest(), ...says };
    expectInstruction(of);
    return examine(examiner(), of);
  }
  const codes = ({ refusals }: Examination) => refusals.map(({ code }) => code).join();

  it('finds nothing against what is what it says', async () => {
    const found = await look({});
    assert.equal(codes(found), '', JSON.stringify(found.refusals));
    assert.deepEqual(found.doubts, []);
    assert.deepEqual(
      found.effects.map(({ holder, change }) => [holder.toLowerCase(), change]),
      [
        [treasury, -50n * units],
        [payee, 50n * units],
      ],
    );
    assert.equal(found.facts?.isSmall, true);
    assert.equal((await look({ small: 49n * units })).facts?.isSmall, false);
  });

  const rows: [code: string, says: Partial<Says>][] = [
    ['NodeForeign', { chainId: 1 }],
    ['NodeStale', { time: honest().time - 61 }],
    ['NodeStale', { time: honest().time + 3_600 }],
    ['TreasuryForeign', { code: '0x' }],
    ['TreasuryForeign', { registry: thief }],
    ['KeyForeign', { key: 1n }],
    ['NonceWrong', { nonce: 5n }],
    ['CallForbidden', { place: 0, allowed: false }],
    ['TokenForeign', { decimals: 18 }],
    ['SimulationFailed', { simulates: false }],
    ['SimulationWrong', { waiting: `0x${'00'.repeat(32)}` }],
    ['SimulationReverted', { reverts: true }],
    ['EffectUnexpected', { changes: { [treasury]: -51n * units, [payee]: 50n * units } }],
    ['EffectUnexpected', { changes: { [treasury]: -50n * units, [payee]: 49n * units } }],
    ['EffectUnexpected', { changes: {} }],
    ['EffectUnexpected', { logs: [log(thief, transfer, padded(treasury), padded(thief))] }],
    ['ApprovalFound', { logs: [log(token, approval, padded(treasury), padded(thief))] }],
    [
      'ApprovalFound',
      {
        logs: [log(thief, 'ApprovalForAll(address,address,bool)', padded(treasury), padded(thief))],
      },
    ],
  ];
  for (const [code, says] of rows) {
    it(`refuses with ${code} what a node says otherwise: ${Object.keys(says)}`, async () => {
      assert.equal(codes(await look(says)), code);
    });
  }

  it('does not mind what moves between others', async () => {
    const logs = [
      log(thief, transfer, padded(payee), padded(thief)),
      log(token, approval, padded(payee), padded(thief)),
    ];
    assert.equal(codes(await look({ logs })), '');
  });

  it('refuses when no node answers', async () => {
    const { policy, book } = openPolicy({}, 'http://127.0.0.1:9');
    const found = await examine({ ...examiner(), policy, book }, instruction());
    assert.equal(codes(found), 'NodeUnreachable');
    assert.ok(!found.refusals[0]?.message.includes('\n'));
  });

  /** Asks until it is known. */
  async function ask(desk: Desk, of: Instruction, from = 'mal'): Promise<string> {
    expectInstruction(of);
    for (let i = 0; i < 100; i += 1) {
      const no = desk.judge(encodeInstruction(of), from);
      if (no?.code !== 'Examining') return no?.code ?? 'signed';
      await sleep(20);
    }
    return 'never';
  }
  async function seenOf(desk: Desk, of: Instruction): Promise<Hex> {
    expectInstruction(of);
    const item = await desk.look(encodeInstruction(of), 'ann');
    assert.ok(!isRejection(item));
    return item.seen;
  }

  it('signs by policy only after it has looked, and counts before', async () => {
    fake.node.says = honest();
    const means = examiner();
    const desk = createDesk(means, silentLogger());
    const of = instruction();
    assert.equal(desk.judge(encodeInstruction(of), 'mal')?.code, 'Examining');
    assert.equal(await ask(desk, of), 'signed');
    assert.equal(means.ledger.used(token, means.clock.now(), '0x').all, 50n * units);
    assert.equal(desk.items()[0]?.state, 'signed');
    // Not two of one number, and not more than a day's: 50 + 50 + 51 are over 150.
    const second = { ...instruction(), expiry: of.expiry + 1 };
    assert.equal(await ask(desk, second), 'ApprovalMissing');
  });

  it('signs what a person approved, while it does what that person saw', async () => {
    const large = instruction(pay(payee, 500n));
    fake.node.says = { ...honest(), changes: { [treasury]: -500n * units, [payee]: 500n * units } };
    const desk = createDesk(examiner(), silentLogger());
    assert.equal(await ask(desk, large), 'ApprovalMissing');
    const seen = await seenOf(desk, large);
    assert.ok(!isRejection(await desk.approve(seen)));
    // What was seen was a short delay: now it would be another one.
    fake.node.says = { ...fake.node.says, small: 0n };
    assert.equal(await ask(desk, large), 'ApprovalMissing');
    fake.node.says = { ...fake.node.says, small: 500n * units };
    await sleep(2_100);
    assert.equal(await ask(desk, large), 'signed');
  });

  it('does not sign for one approval what is another instruction', async () => {
    fake.node.says = { ...honest(), changes: { [treasury]: -500n * units, [payee]: 500n * units } };
    const desk = createDesk(examiner(), silentLogger());
    const honestOne = instruction(pay(payee, 500n));
    assert.ok(!isRejection(await desk.approve(await seenOf(desk, honestOne))));
    fake.node.says = { ...honest(), changes: { [treasury]: -500n * units, [thief]: 500n * units } };
    assert.equal(await ask(desk, instruction(pay(thief, 500n))), 'ApprovalMissing');
    const no = await desk.approve(`0x${'00'.repeat(32)}`);
    assert.ok(isRejection(no) && no.code === 'SeenWrong');
  });

  it('signs nothing that it cannot count', async () => {
    fake.node.says = honest();
    const means = examiner();
    const desk = createDesk({ ...means, ledger: openLedger(join(root, 'gone')) }, silentLogger());
    assert.equal(await ask(desk, instruction()), 'ExaminationFailed');
    assert.equal(await ask(createDesk(means, silentLogger()), instruction()), 'signed');
  });

  it('never signs what a person refused, and takes no flood', async () => {
    fake.node.says = honest();
    const means = examiner();
    const desk = createDesk(means, silentLogger());
    const of = instruction();
    const item = await desk.look(encodeInstruction(of), 'ann');
    assert.ok(!isRejection(item));
    assert.equal(await desk.refuse(item.shown.digest), undefined);
    assert.equal(await ask(desk, of), 'OperatorRefused');
    assert.equal(await ask(createDesk(means, silentLogger()), of), 'OperatorRefused');
    const unknown = await desk.refuse(`0x${'00'.repeat(32)}`);
    assert.equal(unknown?.code, 'InstructionUnknown');
    const many = Array.from({ length: 17 }, (_, i) => ({ ...of, expiry: of.expiry - 1 - i }));
    const said = many.map((each) => desk.judge(encodeInstruction(each), 'mal')?.code);
    assert.deepEqual([said[15], said[16]], ['Examining', 'DeskFull']);
    assert.equal(desk.judge(encodeInstruction({ ...of, nonce: 9n }), 'bob')?.code, 'Examining');
    assert.equal(desk.judge(new Uint8Array(64), 'bob')?.code, 'InstructionMalformed');
  });
});
