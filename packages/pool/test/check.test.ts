import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { runInNewContext } from 'node:vm';
import { iProofRegistryAbi } from '@holdfast/abi';
import { root } from '@holdfast/host/programs';
import { isRejection } from '@holdfast/units';
import { createClient, custom, encodeAbiParameters, type Hex, keccak256, toHex } from 'viem';
import { type ChainSaid, readPool, readPoolAt } from '../src/check/chain.ts';
import type * as Desk from '../src/check/desk.ts';
import { checkForm, type Form } from '../src/check/desk.ts';
import { browserBundle, checkPage } from '../src/check/page.ts';
import { type Papers, withPaper } from '../src/check/papers.ts';
import { snapshotFile, snapshotId } from '../src/check/snapshot.ts';
import type { AskedWords } from '../src/check/verdict.ts';
import { answerOf, chainVector, type FakeChain, vector } from './fake-chain.ts';

const proofVectors = join(root, 'packages/proof/test/vectors');
const old = (name: string): string => readFileSync(join(proofVectors, name), 'utf8');

type Change = (value: Record<string, unknown>) => void;
function changed(text: string, change: Change = () => {}): string {
  const value = JSON.parse(text) as Record<string, unknown>;
  change(value);
  return JSON.stringify(value);
}

function papersOf(...texts: readonly string[]): Papers {
  let papers: Papers = {};
  for (const text of texts) {
    const found = withPaper(papers, text);
    if (isRejection(found)) throw new Error(`${found.code}: ${found.message}`);
    papers = found.papers;
  }
  return papers;
}

const asked: AskedWords = {
  chainId: '31337',
  verifier: `0x${'1111'.padStart(40, '0')}`,
  requester: `0x${'2222'.padStart(40, '0')}`,
  nonce: '7',
  expiry: '1790003000',
  kind: 'threshold',
  threshold: '1000',
};

const clientOf = (chain: FakeChain, seen: unknown[] = []) => {
  const request = async (of: { method: string; params?: unknown }) => answerOf(chain, of, seen);
  return createClient({ transport: custom({ request }) });
};

const said = async (change: (chain: FakeChain) => void = () => {}): Promise<ChainSaid> => {
  const chain = chainVector();
  change(chain);
  const found = await readPool(clientOf(chain), chain.pool, 0);
  if (isRejection(found)) throw new Error(found.message);
  return found;
};

const byChain = (more: Partial<Form> = {}): Form => ({
  papers: papersOf(vector('margin.proof.json'), vector('margin-4.key.json')),
  asked,
  from: 'chain',
  url: 'http://node',
  pool: chainVector().pool,
  root: '',
  seen: '',
  clock: 1_800_000_000n,
  ...more,
});

const byPapers = (more: Partial<Form> = {}): Form => ({
  papers: papersOf(old('margin.proof.json'), old('margin-4.key.json'), old('facts.json')),
  asked: { ...asked, nonce: '5', expiry: '2000000000', kind: 'maintenance', threshold: '0' },
  from: 'papers',
  url: '',
  pool: '',
  root: JSON.parse(old('margin.proof.json')).chunkRoot,
  seen: '',
  clock: 1_800_000_000n,
  ...more,
});

type Verdict = Awaited<ReturnType<typeof checkForm>>;
const codeOf = (verdict: Verdict): string => (isRejection(verdict) ? verdict.code : 'proven');
const judge = async (form: Form, change?: (chain: FakeChain) => void): Promise<string> =>
  codeOf(await checkForm(form, () => said(change)));

describe('a margin proof against the chain', () => {
  it('is taken for its own question, and every line says whose word it is', async () => {
    const verdict = await checkForm(byChain(), () => said());
    assert.ok(!isRejection(verdict), codeOf(verdict));
    assert.match(verdict.said, /equity of at least 1000 quote units/);
    const from = Object.fromEntries(verdict.lines.map((line) => [line.what, line.from]));
    assert.equal(from['Root of the chunk'], 'the chain');
    assert.equal(from.Pool, 'you');
    assert.equal(from.Time, 'the chain');
    assert.equal(from.Nullifier, 'the prover, bound by the proof');
  });

  it('is refused for any other question', async () => {
    const others: Partial<AskedWords>[] = [
      { verifier: asked.requester },
      { requester: asked.verifier },
      { nonce: '8' },
      { expiry: '1790003001' },
      { threshold: '1001' },
      { kind: 'initial', threshold: '' },
    ];
    for (const other of others) {
      const form = byChain({ asked: { ...asked, ...other } });
      assert.equal(await judge(form), 'ProofWrong', JSON.stringify(other));
    }
    const chain = byChain({ asked: { ...asked, chainId: '1' } });
    assert.equal(await judge(chain), 'ChainDiffers');
    const hint = await checkForm(byChain({ asked: { ...asked, nonce: '8' } }), () => said());
    assert.match((hint as { message: string }).message, /the file says .*: nonce 7$/);
  });

  it('is refused when the chain says something else than the prover', async () => {
    const cases: [string, (chain: FakeChain) => void][] = [
      ['SnapshotWrong', (chain) => Object.assign(chain, { epochId: '5' })],
      ['ProofWrong', (chain) => Object.assign(chain, { chunkRoot: '5' })],
      ['ChunkWrong', (chain) => Object.assign(chain, { chunkRoot: '0' })],
      ['KeyDiffers', (chain) => Object.assign(chain, { circuitId: '5' })],
      ['EpochMissing', (chain) => Object.assign(chain, { epoch: 0 })],
      ['PoolStale', (chain) => Object.assign(chain, { freshUntil: '1790000099' })],
      ['StatementExpired', (chain) => Object.assign(chain, { time: '1790003001' })],
    ];
    for (const [code, change] of cases) assert.equal(await judge(byChain(), change), code);
    const other = `0x${'12'.repeat(20)}`;
    const moved = byChain({ pool: other });
    assert.equal(
      codeOf(await checkForm(moved, async () => ({ ...(await said()), pool: other as Hex }))),
      'ProofWrong',
    );
  });

  it('is refused with any word of the file changed that a verdict uses', async () => {
    const key = vector('margin-4.key.json');
    const refused = async (code: string, change: Change): Promise<void> => {
      const papers = papersOf(changed(vector('margin.proof.json'), change), key);
      assert.equal(await judge(byChain({ papers })), code, String(change));
    };
    const snapshot: Change = (value) => {
      const { context } = value.snapshot as { context: string[] };
      context[0] = `${BigInt(context[0]!) + 1n}`;
    };
    await refused('SnapshotWrong', snapshot);
    await refused('SnapshotWrong', (value) =>
      Object.assign(value.snapshot as object, { flow: 13 }),
    );
    await refused('SnapshotMissing', (value) => delete value.snapshot);
    await refused('ProofWrong', (value) => Object.assign(value, { nullifier: '1' }));
    await refused('ChunkWrong', (value) => Object.assign(value, { chunkIndex: 1 }));
    await refused('ProofMalformed', (value) => (value.proof as string[]).reverse());
  });

  it('is one answer, once', async () => {
    const { nullifier } = JSON.parse(vector('margin.proof.json')) as { nullifier: string };
    assert.equal(await judge(byChain({ seen: `12\n${nullifier}` })), 'NullifierUsed');
    assert.equal(await judge(byChain({ seen: '12, 13' })), 'proven');
    assert.equal(await judge(byChain({ seen: 'twelve' })), 'NullifierMalformed');
  });

  it('counts by the later clock, and by ceremony keys alone, off a local chain', async () => {
    const far = (chain: FakeChain) => Object.assign(chain, { chainId: '1' });
    const form = byChain({ asked: { ...asked, chainId: '1' } });
    assert.equal(await judge({ ...form, clock: 1_790_003_601n }, far), 'PoolStale');
    assert.equal(await judge({ ...form, clock: 0n }, far), 'KeyIsDevelopment');
    const rubbed = changed(vector('margin-4.key.json'), (value) => {
      value.isDevelopment = false;
    });
    const papers = papersOf(vector('margin.proof.json'), rubbed);
    assert.equal(await judge({ ...form, papers, clock: 0n }, far), 'CeremonyMissing');
  });

  it('the id of a snapshot is the hash of what the contract encodes', () => {
    const { snapshot } = JSON.parse(vector('margin.proof.json')) as { snapshot: unknown };
    const read = snapshotFile.parse(snapshot);
    const check = iProofRegistryAbi.find((each) => 'name' in each && each.name === 'checkMargin');
    const type = (check as { inputs: readonly unknown[] }).inputs[1];
    const blockHash = toHex(read.blockHash, { size: 32 });
    const plain = Object.fromEntries(
      Object.entries({ ...read, blockHash }).map(([name, value]) => {
        const isSmall = typeof value === 'bigint' && value >= 0n && value < 1n << 48n;
        return [name, isSmall && name !== 'blockNumber' ? Number(value) : value];
      }),
    );
    const encoded = encodeAbiParameters([type] as never, [plain] as never);
    assert.equal(snapshotId(read), BigInt(keccak256(encoded)) >> 8n);
  });
});

describe('reading the chain', () => {
  it('asks everything of one block', async () => {
    const seen: unknown[] = [];
    const chain = chainVector();
    const found = await readPool(clientOf(chain, seen), chain.pool, 0);
    assert.ok(!isRejection(found));
    assert.deepEqual(new Set(seen), new Set(['0x1130']));
    assert.equal(seen.length, 7);
    assert.deepEqual(found.chunkRoot, BigInt(chain.chunkRoot));
  });

  it('says that there is no pool, no node, no URL', async () => {
    const none = await readPool(clientOf(chainVector()), `0x${'ab'.repeat(20)}`, 0);
    assert.equal((none as { code: string }).code, 'PoolUnknown');
    const closed = createServer(() => {});
    await new Promise<void>((done) => closed.listen(0, '127.0.0.1', done));
    const { port } = closed.address() as { port: number };
    await new Promise((done) => closed.close(done));
    const away = await readPoolAt(`http://127.0.0.1:${port}`, chainVector().pool, 0);
    assert.equal((away as { code: string }).code, 'ChainFailed');
    const bad = await readPoolAt('javascript:1', chainVector().pool, 0);
    assert.equal((bad as { code: string }).code, 'UrlMalformed');
  });
});

describe('papers', () => {
  it('are told apart, and what is none is refused', () => {
    const codeOfPaper = (text: string): string => {
      const found = withPaper({}, text);
      return isRejection(found) ? found.code : found.kind;
    };
    assert.equal(codeOfPaper(vector('question.json')), 'question');
    assert.equal(codeOfPaper(old('facts.json')), 'facts');
    assert.equal(codeOfPaper(old('member.json')), 'FileSecret');
    assert.equal(codeOfPaper('{"format":"holdfast-book/1"}'), 'FileSecret');
    assert.equal(codeOfPaper('<img src=x onerror=alert(1)>'), 'FileMalformed');
    assert.equal(codeOfPaper('null'), 'FormatUnknown');
    assert.equal(codeOfPaper('{"format":"toString"}'), 'FormatUnknown');
    assert.equal(codeOfPaper(`"${'a'.repeat(1 << 20)}"`), 'FileTooLong');
    const key = changed(vector('margin-4.key.json'), (value) =>
      (value.words as string[]).reverse(),
    );
    assert.equal(codeOfPaper(key), 'FileMalformed');
    const wide = changed(vector('margin.proof.json'), (value) => {
      (value.snapshot as { context: string[] }).context[3] = `${1n << 241n}`;
    });
    assert.equal(codeOfPaper(wide), 'FileMalformed');
  });

  it('serve without the chain, as they do in Node', async () => {
    assert.equal(await judge(byPapers()), 'proven');
    assert.equal(await judge(byPapers({ root: '5' })), 'ProofWrong');
    assert.equal(await judge(byPapers({ root: '' })), 'RootMissing');
    assert.equal(await judge(byPapers({ clock: 2_000_000_001n })), 'StatementExpired');
    assert.equal(await judge(byPapers({ papers: {} })), 'ProofMissing');
    const bare = papersOf(old('margin.proof.json'));
    assert.equal(await judge(byPapers({ papers: bare })), 'KeyMissing');
    const wrong = papersOf(old('margin.proof.json'), old('solvency-4.key.json'));
    assert.equal(await judge(byPapers({ papers: wrong })), 'KeyDiffers');
    const untold = byPapers({ asked: { ...byPapers().asked, nonce: '' } });
    assert.equal(await judge(untold), 'FileMalformed');
  });
});

describe('the page', () => {
  /** All that a bare engine lacks and every browser has, as far as the check needs it. */
  const globals = { TextEncoder, TextDecoder, URL, atob, setTimeout, clearTimeout };
  let desk: typeof Desk;
  let inputs: string[];
  before(async () => {
    const made = await browserBundle('desk.ts', 'desk');
    inputs = made.inputs;
    desk = runInNewContext(`${made.text};desk`, { ...globals }) as typeof Desk;
  });

  it('has the judge of this package in it, and nothing of Node', () => {
    assert.ok(inputs.includes('packages/proof/src/margin.ts'));
    assert.ok(inputs.includes('packages/proof/src/groth16.ts'));
    const node = inputs.filter((path) => /^node:|packages\/(?:host|proof\/src\/node)\//.test(path));
    assert.deepEqual(node, []);
  });

  it('judges as Node does in a context that has nothing of Node', async () => {
    const forms: [Form, boolean][] = [
      [byPapers(), true],
      [byPapers({ root: '5' }), false],
      [byChain(), true],
      [byChain({ asked: { ...asked, threshold: '1001' } }), false],
    ];
    for (const [form, isProven] of forms) {
      const texts =
        form.from === 'papers'
          ? [old('margin.proof.json'), old('margin-4.key.json'), old('facts.json')]
          : [vector('margin.proof.json'), vector('margin-4.key.json')];
      let papers: Papers = {};
      for (const text of texts) {
        const found = desk.withPaper(papers, text);
        assert.ok(!desk.isRejection(found));
        papers = found.papers;
      }
      const there = await desk.checkForm({ ...form, papers }, () => said());
      const here = await checkForm(form, () => said());
      assert.equal(!isRejection(here), isProven);
      assert.equal(JSON.stringify(plain(there)), JSON.stringify(plain(here)));
    }
  });

  it('allows its own script and no other, and is the same bytes each time', async () => {
    const text = await checkPage();
    assert.ok(text === (await checkPage()), 'two runs made two pages');
    const at = text.indexOf('<script>') + '<script>'.length;
    const [markup, script] = [text.slice(0, at), text.slice(at, text.indexOf('</script>'))];
    assert.equal(text.length, at + script.length + '</script></body></html>\n'.length);
    const hash = createHash('sha256').update(script).digest('base64');
    const policy = "default-src 'none'; script-src 'sha256-";
    assert.ok(markup.includes(`${policy}${hash}'; style-src 'sha256-`), markup.slice(0, 400));
    // Nothing is loaded, and nothing becomes markup or code.
    assert.doesNotMatch(markup, /\bsrc=|url\(|@import|<(?:base|form|iframe)|\son[a-z]+=/);
    const sinks = /innerHTML|outerHTML|insertAdjacent|document\.write|\beval\(/.exec(script);
    assert.equal(sinks?.[0], undefined);
    assert.ok(!text.includes(root), 'a path of this machine');
  });
});

/** A verdict whose bigints can be compared over the border of a context. */
const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? `${inner}` : inner)));
