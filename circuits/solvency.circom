// SPDX-License-Identifier: Apache-2.0
pragma circom 2.1.6;

include "parts.circom";

// [S] Running sums as a hiding commitment.
template Sums() {
    signal input cash;
    signal input sizes[MARKETS()];
    signal input count;
    signal input blind;
    signal output out;

    var words[MARKETS()];
    for (var i = 0; i < MARKETS(); i++) words[i] = sizes[i] + (1 << 79);
    signal packed <== Poseidon(16)(words);
    out <== Poseidon(4)([packed, cash + (1 << 159), count, blind]);
}

// [T] Root of a dense tree over n leaves; n is a power of two.
template Tree(n) {
    signal input leaves[n];
    signal output root;

    signal nodes[2 * n];
    nodes[0] <== 0;
    for (var i = 0; i < n; i++) nodes[n + i] <== leaves[i];
    for (var i = n - 1; i > 0; i--) nodes[i] <== Hash2()(nodes[2 * i], nodes[2 * i + 1]);
    root <== nodes[1];
}

// One chunk of n members of an epoch: each is covered, the sums grow by exactly these, and the last
// chunk opens them.
template Solvency(n) {
    signal input h;
    signal input r;
    signal input s;

    // The vector.
    signal input domain;
    signal input epoch;
    signal input chunkIndex;
    signal input memberCount;
    signal input isLast;
    signal input sumsBefore;
    signal input sumsAfter;
    signal input chunkRoot;
    signal input keys[n];
    signal input context[MARKETS()];
    signal input totalCash;
    signal input totalSizes[MARKETS()];

    // What only the prover knows.
    signal input cashBefore;
    signal input sizesBefore[MARKETS()];
    signal input blindBefore;
    signal input blindAfter;
    signal input present[n];
    signal input salts[n];
    signal input cash[n];
    signal input sizes[n][MARKETS()];

    var m = MARKETS();
    var length = 8 + n + m + 1 + m;
    var v[length];
    v[0] = domain;
    v[1] = epoch;
    v[2] = chunkIndex;
    v[3] = memberCount;
    v[4] = isLast;
    v[5] = sumsBefore;
    v[6] = sumsAfter;
    v[7] = chunkRoot;
    for (var j = 0; j < n; j++) v[8 + j] = keys[j];
    for (var i = 0; i < m; i++) v[8 + n + i] = context[i];
    v[8 + n + m] = totalCash;
    for (var i = 0; i < m; i++) v[9 + n + m + i] = totalSizes[i];
    Vector(length)(v, h, r, s);

    // Rates of every market, once for all members.
    component market[m];
    signal wholes[m];
    signal parts[m];
    signal units[m];
    signal unused[m];
    for (var i = 0; i < m; i++) {
        market[i] = Context();
        market[i].word <== context[i];
        (wholes[i], parts[i]) <== Rate()(market[i].lotValue, market[i].maintenancePpm);
        _ <== market[i].initialPpm;
        units[i] <== market[i].unit;
        unused[i] <== market[i].isUnused;
    }

    // [N] Who is there: a prefix of the places, all of them but in the last chunk, and as many as
    // the pool has members in the end.
    isLast * (isLast - 1) === 0;
    var count = chunkIndex * n;
    for (var j = 0; j < n; j++) {
        present[j] * (present[j] - 1) === 0;
        if (j > 0) present[j] * (1 - present[j - 1]) === 0;
        (1 - isLast) * (1 - present[j]) === 0;
        count += present[j];
    }
    isLast * (count - memberCount) === 0;
    Range(32)(count);

    // [A] An empty place holds nothing.
    for (var j = 0; j < n; j++) {
        (1 - present[j]) * keys[j] === 0;
        (1 - present[j]) * salts[j] === 0;
        (1 - present[j]) * cash[j] === 0;
        for (var i = 0; i < m; i++) (1 - present[j]) * sizes[j][i] === 0;
    }

    component leaf[n];
    component tree = Tree(n);
    for (var j = 0; j < n; j++) {
        leaf[j] = Leaf();
        leaf[j].key <== keys[j];
        leaf[j].salt <== salts[j];
        leaf[j].cash <== cash[j];
        leaf[j].sizes <== sizes[j];
        leaf[j].isUnused <== unused;
        tree.leaves[j] <== leaf[j].out;
        Covered()(cash[j], sizes[j], leaf[j].lots, units, wholes, parts, 0);
    }
    chunkRoot === tree.root;

    // [S] The sums before, which are nothing before the first chunk; and after.
    signal isFirst <== IsZero()(chunkIndex);
    signal before <== Sums()(cashBefore, sizesBefore, chunkIndex * n, blindBefore);
    sumsBefore === (1 - isFirst) * before;
    isFirst * cashBefore === 0;
    isFirst * blindBefore === 0;
    var cashSum = cashBefore;
    for (var j = 0; j < n; j++) cashSum += cash[j];
    signal cashAfter <== cashSum;
    Range(160)(cashAfter + (1 << 159));
    signal sizesAfter[m];
    for (var i = 0; i < m; i++) {
        isFirst * sizesBefore[i] === 0;
        var sum = sizesBefore[i];
        for (var j = 0; j < n; j++) sum += sizes[j][i];
        sizesAfter[i] <== sum;
        Range(80)(sizesAfter[i] + (1 << 79));
    }
    signal after <== Sums()(cashAfter, sizesAfter, count, blindAfter);
    sumsAfter === after;

    // [O] The last chunk opens the sums against the totals; before it they stay closed.
    totalCash === isLast * (cashAfter + (1 << 127));
    for (var i = 0; i < m; i++) totalSizes[i] === isLast * (sizesAfter[i] + (1 << 56));
}
