import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { clearSigning, generate } from '../erc7730/generate.ts';
import { messages } from '../erc7730/labels.ts';
import { allStructs, contractStructs, packageStructs, structsIn } from '../erc7730/structs.ts';

const field = z.strictObject({ name: z.string().min(1), type: z.string().min(1) });
const base = { path: z.string().min(1), label: z.string().min(3).max(60) };
/** The formats of the specification that are used here, each with the parameters that it takes. */
const shown = z.discriminatedUnion('format', [
  z.strictObject({ ...base, format: z.literal('raw') }),
  z.strictObject({
    ...base,
    format: z.literal('date'),
    params: z.strictObject({ encoding: z.enum(['timestamp', 'blockheight']) }),
  }),
  z.strictObject({
    ...base,
    format: z.literal('unit'),
    params: z.strictObject({
      base: z.string(),
      decimals: z.int().min(0),
      prefix: z.boolean(),
    }),
  }),
  z.strictObject({
    ...base,
    format: z.literal('enum'),
    params: z.strictObject({ $ref: z.string().regex(/^\$\.metadata\.enums\.\w+$/) }),
  }),
  z.strictObject({
    ...base,
    format: z.literal('addressName'),
    params: z.strictObject({
      type: z.enum(['wallet', 'eoa', 'contract', 'token', 'nft']),
      sources: z.array(z.enum(['local', 'ens'])),
    }),
  }),
]);
const deployment = z.strictObject({
  chainId: z.int().positive(),
  address: z.string().regex(/^0x[0-9a-fA-F]{40}$/),
});
const file = z.strictObject({
  $schema: z.url(),
  context: z.strictObject({
    $id: z.string(),
    eip712: z.strictObject({
      domain: z.strictObject({ name: z.string(), version: z.string() }),
      deployments: z.array(deployment).min(1).optional(),
      schemas: z
        .array(
          z.strictObject({
            primaryType: z.string(),
            types: z.record(z.string(), z.array(field).min(1)),
          }),
        )
        .length(1),
    }),
  }),
  metadata: z.strictObject({
    owner: z.string(),
    enums: z.record(z.string(), z.record(z.string(), z.string())).optional(),
  }),
  display: z.strictObject({
    formats: z.record(
      z.string(),
      z.strictObject({
        intent: z.string().min(3),
        fields: z.array(shown).min(1),
        required: z.array(z.string()),
        excluded: z.array(z.string()).optional(),
      }),
    ),
  }),
});

const files = (of = generate()) =>
  Object.entries(of).flatMap(([path, text]) =>
    path.endsWith('.json') ? [{ path, body: file.parse(JSON.parse(text)) }] : [],
  );

describe('clear signing', () => {
  it('has one file of the right shape for each typed message', () => {
    const names = files().map(({ body }) => Object.keys(body.display.formats)[0]);
    assert.deepEqual(names.sort(), Object.keys(allStructs()).sort());
    assert.ok(names.includes('Order') && names.includes('Conditional'));
  });

  it('shows or excludes every field once, and says why it excludes', () => {
    for (const { path, body } of files()) {
      const [name, format] = Object.entries(body.display.formats)[0] ?? [];
      assert.ok(name !== undefined && format !== undefined);
      const [schema] = body.context.eip712.schemas;
      const signed = schema?.types[name]?.map((each) => each.name) ?? [];
      const listed = [...format.fields.map((each) => each.path), ...(format.excluded ?? [])];
      assert.deepEqual(listed.sort(), [...signed].sort(), path);
      assert.deepEqual([...format.required].sort(), format.fields.map((each) => each.path).sort());
      for (const excluded of format.excluded ?? []) {
        const label = messages[name]?.fields[excluded];
        assert.ok(label && 'excluded' in label && label.excluded.length > 10, excluded);
      }
    }
  });

  it('refers to enums that it holds, and holds no other', () => {
    for (const { body } of files()) {
      const [format] = Object.values(body.display.formats);
      const used = format?.fields.flatMap((each) =>
        each.format === 'enum' ? [each.params.$ref.split('.').at(-1)] : [],
      );
      assert.deepEqual(Object.keys(body.metadata.enums ?? {}).sort(), [...new Set(used)].sort());
    }
  });

  it('describes what the contracts verify: TypeScript has the same fields in order', () => {
    const inContracts = contractStructs();
    assert.ok('Order' in inContracts && 'Conditional' in inContracts);
    for (const [name, fields] of Object.entries(packageStructs)) {
      if (name in inContracts) assert.deepEqual(fields, inContracts[name], name);
    }
  });

  it('would notice a message or a field without a label', () => {
    const found = structsIn('bytes32 x = keccak256(\n"Loan(uint32 account,"\n"uint256 amount)");');
    assert.deepEqual(found.Loan, [
      { name: 'account', type: 'uint32' },
      { name: 'amount', type: 'uint256' },
    ]);
    assert.throws(() => clearSigning('Loan', found.Loan ?? []), /Loan has no labels/);
    const order = packageStructs.Order ?? [];
    const more = [...order, { name: 'referrer', type: 'address' }];
    assert.throws(() => clearSigning('Order', more), /Order.referrer has no label/);
    assert.throws(() => clearSigning('Order', order.slice(1)), /Order.account is labelled/);
  });

  it('binds to a deployment when it is told one', () => {
    const address = `0x${'ab'.repeat(20)}`;
    for (const { body } of files(generate([{ chainId: 10, address }]))) {
      assert.deepEqual(body.context.eip712.deployments, [{ chainId: 10, address }]);
    }
  });
});
