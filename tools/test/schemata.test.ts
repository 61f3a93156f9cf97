import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import { filesIn } from '../files.ts';
import { groups, unmutated } from '../mutate/groups.ts';
import { readDuration, readFailure } from '../mutate/state.ts';
import { instrumented } from '../mutate/workshop.ts';

const solc = createRequire(import.meta.url)('solc') as { compile(input: string): string };

const sample = `pragma solidity 0.8.37;
contract Sample {
    error Refused(uint256 found);
    event Done(uint256 sum);
    struct Item { uint64 count; bytes1 mark; }
    address private _owner;
    uint256[] private _list;
    mapping(uint256 => Item) private _items;
    modifier onlyOwner() { if (msg.sender != _owner) revert Refused(1); _; }
    modifier plain { _; }
    constructor(address owner) { _owner = owner; }
    function pair(uint256 a) private pure returns (uint256, uint256) { return (a + 1, a * 2); }
    function set(uint256 a, bool b) external onlyOwner returns (bool) {
        (uint256 low, uint256 high) = pair(a);
        (, uint256 second) = pair(low);
        Item storage item = _items[a & 3];
        item.count = uint64(high % 7);
        item.mark = bytes1(0x02);
        if (b && !(low > second)) item.count += 2; else delete _items[a];
        for (uint256 i = 0; i < 3; ++i) { if (i == 1) continue; _list.push(i); }
        while (low != high && low < 9) low++;
        unchecked { low -= 1; }
        if (second >= 1 << 32) return false;
        emit Done(low + high);
        try this.view_(b ? low : -int256(1) < 0 ? 1 : 0) returns (uint256 sum) { high = sum + 1; }
        catch { high = 0; }
        assembly { low := add(low, 1) }
        if (high == 0) return true;
        return b ? low <= high : high < 5;
    }
    function view_(uint256 a) external view plain returns (uint256) { return _list[a]; }
    function nothing() external { if (_list.length == 0) return; _list.pop(); }
}
`;

const { texts, mutants } = instrumented(new Map([['src/Sample.sol', sample]]), ['src/Sample.sol']);

describe('mutants of contracts with state', () => {
  it('stand in one source that compiles, each behind its number', () => {
    const sources = Object.fromEntries([...texts].map(([path, content]) => [path, { content }]));
    const settings = { outputSelection: { '*': { '*': ['evm.bytecode.object'] } } };
    const output = JSON.parse(
      solc.compile(JSON.stringify({ language: 'Solidity', sources, settings })),
    );
    const errors = (output.errors ?? []).filter(
      ({ severity }: { severity: string }) => severity === 'error',
    );
    assert.deepEqual(errors, []);
    const text = texts.get('src/Sample.sol') as string;
    for (const { id, kind } of mutants) {
      const place = `block.prevrandao == ${id})`;
      const ternary = `block.prevrandao == ${id} ?`;
      const count = text.split(place).length + text.split(ternary).length - 2;
      // A modifier stands there for each of its uses as well.
      assert.ok(count >= 1, `${kind} ${id}`);
    }
    assert.equal(new Set(mutants.map(({ key }) => key)).size, mutants.length);
  });

  it('are of every kind, and change something', () => {
    const kinds = new Set(mutants.map(({ kind }) => kind));
    const all = ['Boolean', 'Branch', 'Condition', 'Count', 'Modifier', 'Number', 'Operator'];
    assert.deepEqual([...kinds].sort(), [...all, 'Statement', 'Unary']);
    for (const { original, replacement } of mutants) assert.notEqual(original, replacement);
    const has = (line: number, kind: string, replacement: string): boolean =>
      mutants.some((each) => {
        return each.line === line && each.kind === kind && each.replacement === replacement;
      });
    assert.ok(has(9, 'Condition', 'false'), 'a check of a modifier is dropped');
    assert.ok(has(13, 'Modifier', ''), 'a modifier is dropped');
    assert.ok(has(17, 'Statement', '0'), 'an assignment is dropped');
    assert.ok(has(18, 'Number', 'bytes1(uint8(0x02 + 1))'), 'fixed bytes are counted up');
    assert.ok(has(21, 'Count', 'low--'), 'a count goes the other way');
  });

  it('leave events, assembly, steps of loops and what is tried as they are', () => {
    const lines = sample.split('\n');
    for (const { line, original } of mutants) {
      assert.doesNotMatch(lines[line - 1] as string, /assembly|emit/);
      assert.notEqual(original, '++i');
    }
  });

  it('cover every contract but those that are named', () => {
    const mutated = new Set(groups.flatMap((group) => group.mutated));
    const sources = filesIn('contracts/src', '.sol').map((file) => file.slice('contracts/'.length));
    const left = sources.filter((file) => !mutated.has(file) && !unmutated.test(file));
    assert.deepEqual(left, []);
    assert.deepEqual(
      [...mutated].filter((file) => !sources.includes(file)),
      [],
    );
  });
});

describe('what forge prints', () => {
  it('tells which test failed, and in which file', () => {
    const passed =
      'Ran 2 tests for test/A.t.sol:ATest\n[PASS] test_a() (gas: 7)\nSuite result: ok.\n';
    assert.equal(readFailure(passed), undefined);
    const args = 'counterexample: calldata=0x00 args=[1 [1e0]]';
    const failed = `Ran 1 test for test/lib/B.t.sol:BTest\n[FAIL: x; ${args}] testFuzz_b(uint256)`;
    assert.deepEqual(readFailure(`${passed}\n${failed}`), {
      by: 'testFuzz_b',
      suite: 'test/lib/B.t.sol',
    });
    // A reason is what the contract says, and may have lines.
    const lines = failed.replace('x; ', 'Error != z\n\\; ');
    assert.equal(readFailure(`${passed}\n${lines}`)?.by, 'testFuzz_b');
  });

  it('has times that are read in milliseconds', () => {
    assert.equal(readDuration('1m 2s 3ms'), 62_003);
    assert.equal(Math.round(readDuration('5ms 179µs 460ns') * 1e6), 5_179_460);
    assert.equal(readDuration('1.5ms'), 1.5);
  });
});
