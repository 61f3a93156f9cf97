/** `holdfast sentinel ack` and what `backtest` says before it reads a chain. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { saveVenue } from '@holdfast/host';
import { type FakeNode, startFakeNode } from '@holdfast/sdk/testing';
import { createLedger, observeBlock, openStore, readFindings } from '@holdfast/sentinel';
import { runWith } from '../src/index.ts';
import { terminal } from './terminal.ts';

describe('holdfast sentinel', () => {
  let node: FakeNode;
  let cwd: string;

  beforeEach(async () => {
    node = await startFakeNode();
    cwd = mkdtempSync(join(tmpdir(), 'holdfast-sentinel-'));
    const dir = join(cwd, '.holdfast');
    mkdirSync(dir);
    await saveVenue(dir, node.venue);
  });
  afterEach(async () => {
    await node.close();
    rmSync(cwd, { recursive: true });
  });

  async function run(words: readonly string[]) {
    const { io, seen } = terminal(cwd);
    return { exit: await runWith(words, io), ...seen };
  }
  const folderOf = (name: string) => join(cwd, '.holdfast/sentinels', name, 'findings');

  function found(name: string): string {
    const store = openStore(folderOf(name));
    const finding = {
      rule: 'self-trade',
      tier: 'flow',
      severity: 'high',
      scope: 4,
      key: 'cluster 9',
      title: 'two of one hand',
      evidence: {},
    } as const;
    const judged = [{ finding, shadow: false, action: undefined }];
    const changes = observeBlock(createLedger(), judged, {
      block: 7,
      time: 9,
      pending: false,
      nowMs: 1,
    });
    store.write(changes);
    store.close();
    return changes[0]?.record.id ?? '';
  }

  it('ack tells every sentinel that saw the finding', async () => {
    const id = found('sentinel-1');
    assert.equal(found('sentinel-2'), id);
    const before = await run(['sentinel', 'ack', '--json']);
    assert.deepEqual(
      JSON.parse(before.out).map((each: { id: string }) => each.id),
      [id],
    );
    const words = ['sentinel', 'ack', id.slice(0, 5), '--verdict', 'false', '--note', 'a maker'];
    const { exit, out } = await run(words);
    assert.equal(exit, 0);
    assert.match(out, new RegExp(`^${id} self-trade: two of one hand \\(false\\)\n${id} `));
    for (const name of ['sentinel-1', 'sentinel-2']) {
      const ack = readFindings(folderOf(name))[0]?.ack;
      assert.deepEqual([ack?.verdict, ack?.note], ['false', 'a maker']);
    }
  });

  it('ack without an id lists what nobody has seen', async () => {
    const id = found('sentinel-1');
    assert.match((await run(['sentinel', 'ack'])).out, new RegExp(`${id}  high .*stands +two of`));
    await run(['sentinel', 'ack', id]);
    assert.equal((await run(['sentinel', 'ack'])).out, 'everything was seen\n');
  });

  it('ack refuses what it does not know', async () => {
    found('sentinel-1');
    const unknown = await run(['sentinel', 'ack', 'ffff']);
    assert.deepEqual([unknown.exit, unknown.err.split(':')[0]], [3, 'FindingUnknown']);
    const odd = await run(['sentinel', 'ack', 'a', '--verdict', 'maybe']);
    assert.equal(odd.exit, 2);
    assert.match(odd.err, /true, false, undecided/);
  });

  it('backtest says what is wrong with rules, files and ranges', async () => {
    const backtest = async (...more: string[]) => {
      const { exit, err } = await run(['sentinel', 'backtest', ...more]);
      return `${exit} ${err.split(':')[0]}`;
    };
    const rules = join(cwd, 'rules');
    mkdirSync(rules);
    writeFileSync(join(rules, 'mine.mjs'), 'export default 1;');
    assert.equal(await backtest('--rules', rules), '3 RuleMalformed');
    assert.equal(await backtest('--rules', join(cwd, 'none')), '3 FileMissing');
    assert.equal(await backtest('--only', 'no-such-rule'), '3 RuleUnknown');
    assert.equal(await backtest('--calibrate'), '3 RulesMissing');
    assert.equal(await backtest('--from', 'early'), '2 Usage');
    assert.equal(await backtest('--rpc', 'nowhere'), '2 Usage');
    const incidents = join(cwd, 'incidents.json');
    writeFileSync(incidents, '[{"fromBlock": 9, "toBlock": 8}]');
    assert.equal(await backtest('--incidents', incidents), '3 IncidentsMalformed');
    const choices = join(cwd, 'choices.json');
    writeFileSync(choices, '{"self-trade": {"settings": {"gapPpm": "much"}}}');
    assert.equal(await backtest('--choices', choices), '3 RuleSettingsWrong');
  });
});
