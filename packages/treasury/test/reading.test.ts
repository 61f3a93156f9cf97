import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clearingHouseAbi } from '@holdfast/abi';
import { concatBytes, fromHex, type Hex, isRejection } from '@holdfast/units';
import fc from 'fast-check';
import {
  type Address,
  concatHex,
  decodeFunctionData,
  domainSeparator,
  encodeFunctionData,
  erc20Abi,
  hashStruct,
  keccak256,
} from 'viem';
import {
  callText,
  decodeInstruction,
  encodeInstruction,
  fileOf,
  type Instruction,
  instructionDigest,
  lists,
  plain,
  readCalls,
  readInstructionFile,
} from '../src/index.ts';
import { chainId, house, openPolicy, payee, thief, token, treasury } from './fixture.ts';
import { instruction, pay, withdraw } from './support.ts';

const { book } = openPolicy();
const bytes = (length: number) =>
  fc
    .uint8Array({ minLength: length, maxLength: length })
    .map((each) => `0x${Buffer.from(each).toString('hex')}` as Hex);
const anyData = fc
  .uint8Array({ maxLength: 90 })
  .map((each) => `0x${Buffer.from(each).toString('hex')}` as Hex);
const anyInstruction: fc.Arbitrary<Instruction> = fc.record({
  nonce: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  expiry: fc.integer({ min: 0, max: 2 ** 40 - 1 }),
  calls: fc.array(fc.record({ target: bytes(20) as fc.Arbitrary<Address>, data: anyData }), {
    minLength: 1,
    maxLength: 4,
  }),
});
const low = ({ nonce, expiry, calls }: Instruction) => ({
  nonce,
  expiry,
  calls: calls.map(({ target, data }) => ({ target: target.toLowerCase(), data })),
});

describe('an instruction', () => {
  it('comes back from its bytes, and from no others', () => {
    fc.assert(
      fc.property(anyInstruction, fc.uint8Array({ minLength: 1, maxLength: 40 }), (of, more) => {
        const encoded = encodeInstruction(of);
        const back = decodeInstruction(encoded);
        assert.ok(!isRejection(back));
        assert.deepEqual(low(back), low(of));
        const longer = decodeInstruction(concatBytes(encoded, more));
        assert.ok(isRejection(longer) && longer.code === 'InstructionMalformed');
      }),
      { numRuns: 200, seed: 7 },
    );
  });

  it('binds every field, the chain and the treasury', () => {
    const of = instruction(pay(), withdraw());
    const domain = { chainId, treasury };
    const digests = [
      instructionDigest(domain, of),
      instructionDigest({ chainId: 1, treasury }, of),
      instructionDigest({ chainId, treasury: thief }, of),
      instructionDigest(domain, { ...of, nonce: 5n }),
      instructionDigest(domain, { ...of, expiry: of.expiry + 1 }),
      instructionDigest(domain, { ...of, calls: [pay(), withdraw(thief)] }),
      instructionDigest(domain, { ...of, calls: [withdraw(), pay()] }),
      instructionDigest(domain, { ...of, calls: [pay()] }),
    ];
    assert.equal(new Set(digests).size, digests.length);
    // The same in parts, by the library's own hashes of domain and struct.
    const types = {
      Instruction: [
        { name: 'nonce', type: 'uint64' },
        { name: 'expiry', type: 'uint40' },
        { name: 'targets', type: 'address[]' },
        { name: 'data', type: 'bytes[]' },
      ],
    } as const;
    const data = { nonce: of.nonce, expiry: of.expiry, ...lists(of) };
    const separator = domainSeparator({
      domain: { name: 'Holdfast Treasury', version: '1', chainId, verifyingContract: treasury },
    });
    const struct = hashStruct({ types, primaryType: 'Instruction', data });
    assert.equal(digests[0], keccak256(concatHex(['0x1901', separator, struct])));
  });

  it('survives as a file, for its own treasury alone', () => {
    const of = instruction(pay(), withdraw());
    const domain = { chainId, treasury };
    const file = JSON.parse(JSON.stringify(fileOf(domain, of)));
    const read = readInstructionFile(file, domain);
    assert.ok(!isRejection(read));
    assert.deepEqual(low(read.instruction), low(of));
    const code = (value: unknown, at = domain) => {
      const no = readInstructionFile(value, at);
      return isRejection(no) ? no.code : 'read';
    };
    assert.equal(code(file, { chainId: 1, treasury }), 'InstructionForeign');
    assert.equal(code(file, { chainId, treasury: thief }), 'InstructionForeign');
    assert.equal(code({ ...file, more: 1 }), 'InstructionMalformed');
    assert.equal(code({ ...file, calls: [] }), 'InstructionMalformed');
    assert.equal(code({ ...file, nonce: `${2n ** 64n}` }), 'InstructionMalformed');
  });
});

describe('calls', () => {
  const code = (of: Instruction): string => {
    const read = readCalls(book, of);
    return isRejection(read) ? read.code : 'read';
  };

  it('are told with names, decimals and units', () => {
    const read = readCalls(book, instruction(pay(), withdraw()));
    assert.ok(!isRejection(read));
    const [first, second] = read.map((each) => callText(book, each));
    const amount = 'amount 50 tUSD (50000000 units)';
    assert.equal(
      first?.toLowerCase(),
      `tUSD (${token}).transfer(to payee (${payee}), ${amount})`.toLowerCase(),
    );
    assert.match(second as string, /clearingHouse \(0x.*\)\.withdraw\(account 7, amount 5 tUSD/);
    assert.match(second as string, /to treasury \(0x/);
    assert.equal(read[0]?.pays?.amount, 50_000_000n);
    assert.equal(read[1]?.pays, undefined);
    assert.equal(read[1]?.brings?.amountMax, 5_000_000n);
    const away = readCalls(book, instruction(withdraw(thief)));
    assert.ok(!isRejection(away));
    assert.equal(away[0]?.pays?.to.toLowerCase(), thief);
  });

  it('that hide bytes are refused, which a plain decoder would read', () => {
    const { target, data } = pay();
    const longer = { target, data: `${data}deadbeef` as Hex };
    assert.equal(code(instruction(longer)), 'TransferMalformed');
    assert.equal(decodeFunctionData({ abi: erc20Abi, data: longer.data }).functionName, 'transfer');
    // A dirty upper half of an address is cut off by decoders.
    const dirty = { target, data: data.replace('a9059cbb0', 'a9059cbb1') as Hex };
    assert.equal(code(instruction(dirty)), 'TransferMalformed');
    assert.equal(
      decodeFunctionData({ abi: erc20Abi, data: dirty.data }).args?.[0]?.toString().toLowerCase(),
      payee,
    );
    const call = withdraw();
    const more = { target: call.target, data: `${call.data}${'00'.repeat(32)}` as Hex };
    assert.equal(code(instruction(more)), 'CallUnreadable');
    assert.equal(
      decodeFunctionData({ abi: clearingHouseAbi, data: more.data }).functionName,
      'withdraw',
    );
  });

  it('that cannot be read are refused', () => {
    const args = [thief, 1n] as const;
    const approve = encodeFunctionData({ abi: erc20Abi, functionName: 'approve', args });
    assert.equal(code(instruction({ target: token, data: approve })), 'TransferMalformed');
    assert.equal(code(instruction({ target: house, data: '0x12345678' })), 'CallUnreadable');
    assert.equal(code(instruction({ target: thief, data: pay().data })), 'CallUnreadable');
    assert.equal(code(instruction({ target: house, data: '0x' })), 'CallUnreadable');
    assert.equal(code(instruction(pay())), 'read');
  });

  it('cannot write what they like on a terminal', () => {
    assert.equal(plain('a\u001b[2Jb\u202ec'), 'a\\u{1b}[2Jb\\u{202e}c');
    assert.equal(fromHex('0x1b').length, 1);
  });
});
