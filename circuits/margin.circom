// SPDX-License-Identifier: Apache-2.0
pragma circom 2.1.6;

include "parts.circom";

// [B] Root from a leaf and its path; bit k of the place says on which side level k hangs.
template Branch(depth) {
    signal input leaf;
    signal input place[depth];
    signal input siblings[depth];
    signal output root;

    signal nodes[depth + 1];
    signal left[depth];
    nodes[0] <== leaf;
    for (var k = 0; k < depth; k++) {
        place[k] * (place[k] - 1) === 0;
        left[k] <== nodes[k] + place[k] * (siblings[k] - nodes[k]);
        nodes[k + 1] <== Hash2()(left[k], nodes[k] + siblings[k] - left[k]);
    }
    root <== nodes[depth];
}

// One member of a chunk of 2^depth has the margin, without saying which.
template Margin(depth) {
    signal input h;
    signal input r;
    signal input s;

    // The vector.
    signal input domain;
    signal input verifier;
    signal input requester;
    signal input challenge;
    signal input expiry;
    signal input epoch;
    signal input chunkIndex;
    signal input chunkRoot;
    signal input kind;
    signal input threshold;
    signal input nullifier;
    signal input context[MARKETS()];

    // What only the member knows.
    signal input secret;
    signal input owner;
    signal input salt;
    signal input cash;
    signal input sizes[MARKETS()];
    signal input place[depth];
    signal input siblings[depth];

    var m = MARKETS();
    var v[11 + m];
    v[0] = domain;
    v[1] = verifier;
    v[2] = requester;
    v[3] = challenge;
    v[4] = expiry;
    v[5] = epoch;
    v[6] = chunkIndex;
    v[7] = chunkRoot;
    v[8] = kind;
    v[9] = threshold;
    v[10] = nullifier;
    for (var i = 0; i < m; i++) v[11 + i] = context[i];
    Vector(11 + m)(v, h, r, s);

    // [K] kind is 0 (maintenance), 1 (initial) or 2 (threshold); only the last has a threshold.
    signal initialOrMore <== kind * (kind - 1);
    initialOrMore * (kind - 2) === 0;
    signal isThreshold <== initialOrMore / 2;
    signal isInitial <== kind - 2 * isThreshold;
    (1 - isThreshold) * threshold === 0;
    Range(123)(threshold);

    component market[m];
    signal chosen[m];
    signal ppm[m];
    signal wholes[m];
    signal parts[m];
    signal units[m];
    signal unused[m];
    for (var i = 0; i < m; i++) {
        market[i] = Context();
        market[i].word <== context[i];
        var maintenance = market[i].maintenancePpm;
        chosen[i] <== isInitial * (market[i].initialPpm - maintenance);
        ppm[i] <== (1 - isThreshold) * (maintenance + chosen[i]);
        (wholes[i], parts[i]) <== Rate()(market[i].lotValue, ppm[i]);
        units[i] <== market[i].unit;
        unused[i] <== market[i].isUnused;
    }

    // [I] The member is who the commitment says, and says so once for a challenge.
    Range(160)(owner);
    signal key <== Hash2()(secret, owner);
    signal mark <== Poseidon(3)([secret, challenge, chunkRoot]);
    nullifier === mark;

    component leaf = Leaf();
    leaf.key <== key;
    leaf.salt <== salt;
    leaf.cash <== cash;
    leaf.sizes <== sizes;
    leaf.isUnused <== unused;
    signal root <== Branch(depth)(leaf.out, place, siblings);
    chunkRoot === root;

    Covered()(cash, sizes, leaf.lots, units, wholes, parts, threshold);
}
