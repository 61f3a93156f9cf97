/** Which contracts are mutated together, and by which tests they are judged. */
import { filesIn } from '../files.ts';

export type Group = {
  readonly name: string;
  /** Paths below contracts/. */
  readonly mutated: readonly string[];
  readonly tests: readonly string[];
  /** Sources of which the tests deploy artifacts, besides. */
  readonly further: readonly string[];
  /** What the tests deploy as it was built: not ours, or too large without the optimizer. */
  readonly taken?: readonly string[];
};

const src = (names: string, folder = 'src'): string[] =>
  names.split(' ').map((name) => `${folder}/${name}.sol`);

function tests(pattern: RegExp): string[] {
  return filesIn('contracts/test', '.t.sol')
    .map((file) => file.slice('contracts/'.length))
    .filter((file) => pattern.test(file));
}

export const groups: readonly Group[] = [
  {
    name: 'parts',
    mutated: [
      ...src('Vault VaultQueue VaultWindows Oracle QuorumVerifier Parameters Committees'),
      ...src('Breaker Guardians CommitteeVerifier Treasury TreasuryRules Steward'),
      ...src('OutflowRing OutflowForecast Lines Observations Reports Medians', 'src/libraries'),
      ...src('Delayed Bounds ParameterWords Schnorr DayRing Draws', 'src/libraries'),
      ...src('Resume Steering StewardBounds', 'src/libraries'),
    ],
    tests: [
      ...tests(/^test\/(Vault|Oracle|Quorum|Breaker|Param|Committee|Treasury|Steward)\w*\.t\.sol$/),
      ...tests(/^test\/libraries\/(Schnorr|DayRing|Draws|Words|Resume)\.t\.sol$/),
    ],
    further: [...src('SchnorrHarness', 'src/mocks')],
  },
  {
    name: 'house',
    mutated: [
      // What matters most is judged first.
      ...src('ClearingHouse Settlement'),
      ...src('Judging Netting Orders Lanes Closing Desks', 'src/libraries'),
      ...src('Ledger Pricing Counterparties'),
      ...src('LiquidationModule WaterfallModule ForcedModule ExitModule', 'src/modules'),
      ...src('CustodyModule TriggerModule RosterModule', 'src/modules'),
      ...src('Liquidator Solvency Withdrawing Working ForcedQueue Backstop Roster Storage'),
      ...src('Accounts Arrays Conditionals Packer Seizing', 'src/libraries'),
      ...src('Sessions Signatures Slots', 'src/libraries'),
    ],
    tests: tests(
      /^test\/((ClearingHouse|Backstop|Modules)\w*|libraries\/(Packing|Words))\.t\.sol$/,
    ),
    further: src('Vault'),
  },
  {
    name: 'governance',
    mutated: src('Council VenueAccess VenueGovernor', 'src/governance'),
    tests: tests(/^test\/Governance\w*\.t\.sol$/),
    further: [],
    taken: ['Parameters', 'Breaker'],
  },
  {
    name: 'pool',
    mutated: src(
      'PoolStatements ProofRegistry PoolBase PoolMembers PoolOrders ConfidentialPool',
      'src/pool',
    ),
    tests: tests(/^test\/pool\/\w+\.t\.sol$/),
    further: src('pool/Groth16'),
    taken: [
      ...['PoseidonT3', 'ClearingHouse', 'ForcedQueue', 'Vault'],
      ...'Roster Custody Liquidation Trigger Forced Exit Waterfall'
        .split(' ')
        .map((name) => `${name}Module`),
    ],
  },
];

/**
 * What no group mutates: interfaces and types, laws, which are generated and have mutants of their
 * own, doubles for tests, and the libraries that `contracts.ts` mutates. Two have only assembly.
 * The pairing of the pool's proofs is calls of precompiles, in assembly.
 */
export const unmutated = new RegExp(
  [
    '^src/(interfaces|generated|mocks)/',
    '^src/governance/I[A-Z]\\w+\\.sol$',
    '^src/pool/(I[A-Z]\\w+|Groth16|PoolTypes)\\.sol$',
    '/(Types|Causes|Delegation|Margin|Liquidations|Deleveraging|Funding|Marks|Profit|Aging)\\.sol$',
  ].join('|'),
);

/**
 * Texts that are written otherwise before anything is mutated. Without the optimizer, which alone
 * moves variables off the stack, these functions have one too many; a zero that stands for bytes
 * cannot be counted up.
 */
export const shapes: readonly { file: string; from: string; to: string }[] = [
  {
    file: 'src/Breaker.sol',
    from: 'Wish(scope, level_, holdSeconds, 0)',
    to: 'Wish(scope, level_, holdSeconds, bytes32(0))',
  },
  {
    file: 'src/Breaker.sol',
    from: 'one.holdSeconds, 0)',
    to: 'one.holdSeconds, bytes32(0))',
  },
  {
    file: 'src/Breaker.sol',
    from: 'silenceSeconds, 0)',
    to: 'silenceSeconds, bytes32(0))',
  },
  {
    file: 'src/Breaker.sol',
    from: 'wish.accounts == 0',
    to: 'wish.accounts == bytes32(0)',
  },
  {
    file: 'src/Steward.sol',
    from: `uint256 most = t.initialMaxPpm;
        _step("initialPpm", a.initialPpm, c.initialPpm, n.initialPpm, true, most, t, elapsed);
        (uint256 x, uint256 y, uint256 z) =
            (a.concentrationPpm, c.concentrationPpm, n.concentrationPpm);`,
    to: `uint256 x = t.initialMaxPpm;
        _step("initialPpm", a.initialPpm, c.initialPpm, n.initialPpm, true, x, t, elapsed);
        uint256 y; uint256 z; (x, y, z) =
            (a.concentrationPpm, c.concentrationPpm, n.concentrationPpm);`,
  },
  {
    file: 'src/QuorumVerifier.sol',
    from: '        uint256 last = signersCount;\n        uint256 count = shape.signers;\n',
    to: '        uint256 last = signersCount;\n\n',
  },
  {
    file: 'src/QuorumVerifier.sol',
    from: 'for (uint256 i; i < count; ++i) {\n            address signer =',
    to: 'for (uint256 i; i < shape.signers; ++i) {\n            address signer =',
  },
  {
    file: 'src/libraries/Judging.sol',
    from: `int256 most = int256(Margin.magnitude(lots) * market.lotCeiling);
                uint256 close = uint256(equity * int256(Margin.PPM) - most) >> 255;`,
    to: `uint256 close = uint256(equity * int256(Margin.PPM)
                    - int256(Margin.magnitude(lots) * market.lotCeiling)) >> 255;`,
  },
  {
    file: 'src/libraries/Judging.sol',
    from: `uint256 id = Desks.accountOf(at);
                Slots.write(Slots.at(accounts, id), AccountWord.unwrap(word));
                cursor = Packer.putAccount(cursor, id, word);`,
    to: `
                Slots.write(Slots.at(accounts, Desks.accountOf(at)), AccountWord.unwrap(word));
                cursor = Packer.putAccount(cursor, Desks.accountOf(at), word);`,
  },
  {
    file: 'src/modules/CustodyModule.sol',
    from: `address owner = _ownerOf(w.account);
        if (!SignatureChecker.isValidSignatureNow(owner, _digest(w), signature)) {
            revert WithdrawalUnsigned(w.account, owner);`,
    to: `
        if (!SignatureChecker.isValidSignatureNow(_ownerOf(w.account), _digest(w), signature)) {
            revert WithdrawalUnsigned(w.account, _ownerOf(w.account));`,
  },
  {
    file: 'src/modules/CustodyModule.sol',
    from: `        VenueParams memory venue = parameters.venue();
        Book memory book = _refresh(venue, report);
        emit Relayed(w.account, w.nonce, relayer, w.amount, w.fee);
`,
    to: `        emit Relayed(w.account, w.nonce, relayer, w.amount, w.fee);
        VenueParams memory venue = parameters.venue();
        Book memory book = _refresh(venue, report);
`,
  },
  {
    file: 'src/modules/LiquidationModule.sol',
    from: `uint256 time = block.timestamp - _heldSince[(uint256(from) << 8) | marketId];
        uint256 ppm = time * UNWIND_PPM_PER_SECOND;`,
    to: `uint256 ppm = block.timestamp - _heldSince[(uint256(from) << 8) | marketId];
        ppm *= UNWIND_PPM_PER_SECOND;`,
  },
  {
    file: 'src/modules/LiquidationModule.sol',
    from: `        int256 moved = legs[0].sizeBefore - legs[0].size;
        emit Unwound(from, marketId, taker, int56(moved), _priceOf(market, moved, discount));
        _touched(Causes.BACKSTOP`,
    to: `        ppm = _priceOf(market, legs[0].sizeBefore - legs[0].size, discount); size =
            uint256(legs[0].sizeBefore - legs[0].size);
        emit Unwound(from, marketId, taker, int56(int256(size)), uint32(ppm));
        _touched(Causes.BACKSTOP`,
  },
  {
    file: 'src/modules/CustodyModule.sol',
    from: `        AccountWord word = _debit(book, venue, w.account, quote);
        _storeMarkets(book);
        emit Withdrawn(w.account, w.to, quote, int128(word.cash()));
`,
    to: `        { AccountWord word = _debit(book, venue, w.account, paid);
        _storeMarkets(book);
        emit Withdrawn(w.account, w.to, paid, int128(word.cash())); }
`,
  },
  {
    file: 'src/modules/CustodyModule.sol',
    from: `uint256 quote = _quote(w.amount);
        uint256 fee = w.fee == 0 ? 0 : _quote(w.fee);
        if (fee > quote / FEE_PARTS) revert FeeTooHigh(w.fee, w.amount / FEE_PARTS);
        _holdThrottle(quote);`,
    to: `paid = _quote(w.amount);
        uint256 fee = w.fee == 0 ? 0 : _quote(w.fee);
        if (fee > paid / FEE_PARTS) revert FeeTooHigh(w.fee, w.amount / FEE_PARTS);
        _holdThrottle(paid);`,
  },
  {
    file: 'src/modules/LiquidationModule.sol',
    from: `uint256 size = Margin.magnitude(leg.sizeBefore);
        uint256 freed = _freed(market, size, lots);`,
    to: `
        uint256 freed = _freed(market, Margin.magnitude(leg.sizeBefore), lots);`,
  },
  {
    file: 'src/modules/LiquidationModule.sol',
    from: `uint256 worth =
            uint256(Liquidations.share(before.equity, freed, before.maintenance));
        int256 lost = before.equity - now_.equity;
        int256 left = int256(worth) - lost;`,
    to: `int256 left =
            int256(uint256(Liquidations.share(before.equity, freed, before.maintenance)));
        int256 lost = before.equity - now_.equity;
        left -= lost;`,
  },
  {
    file: 'src/modules/LiquidationModule.sol',
    from: `        int256 equity = now_.equity - int256(penalty);
        assert(`,
    to: `        int256 equity = now_.equity - int256(penalty); { uint256 notional =
            lots * market.lotValue; uint256 ppm = market.params.maintenancePpm; assert(`,
  },
  {
    file: 'src/modules/LiquidationModule.sol',
    from: `                lots * market.lotValue,
                market.params.maintenancePpm
            )
        );
        if (equity >= int256(now_.maintenance)) _clear(done.account);`,
    to: `                notional,
                ppm
            )
        ); }
        if (equity >= int256(now_.maintenance)) _clear(done.account);`,
  },
  {
    file: 'src/pool/PoolOrders.sol',
    from: 'signature[0] == 0x00 &&',
    to: 'uint8(signature[0]) == 0 &&',
  },
  {
    file: 'src/pool/PoolOrders.sol',
    from: 'signature[0] == 0x01 &&',
    to: 'uint8(signature[0]) == 1 &&',
  },
  {
    file: 'src/pool/PoolStatements.sol',
    from: '(uint256 index, uint256 isLast) = (chunk[0], chunk[3]);',
    to: `(uint256 index, uint256 isLast) = (chunk[0], 3);
        isLast = chunk[isLast];`,
  },
  {
    file: 'src/pool/ProofRegistry.sol',
    from: 'if (!circuit.verify(proof, inputs)) revert ProofWrong(inputs[1], inputs[2]);',
    to: `uint256 s = 2;
        if (!circuit.verify(proof, inputs)) revert ProofWrong(inputs[1], inputs[s]);`,
  },
];
