// SPDX-License-Identifier: Apache-2.0
pragma circom 2.1.6;

include "circomlib/circuits/bitify.circom";
include "circomlib/circuits/comparators.circom";
include "circomlib/circuits/poseidon.circom";

// What both statements are made of. docs/PROOFS.md lists every family of constraints by the
// letters that stand here in brackets, with the attack that it stops.

// Markets of a pool. Not a parameter: leaf, context and sums are laid out for it.
function MARKETS() {
    return 16;
}

// [R] A value below 2^n. n is small enough that the bits have one reading in the field.
template Range(n) {
    assert(n <= 252);
    signal input in;
    signal bits[n] <== Num2Bits(n)(in);
}

template Hash2() {
    signal input left;
    signal input right;
    signal output out <== Poseidon(2)([left, right]);
}

// [V] Ties the circuit to the vector that the verifier holds. h commits to the copy v that is used
// in here; r is drawn by the verifier from h and its own vector; s is the verifier's vector as a
// polynomial at r. Another copy has another polynomial, which meets s at fewer than n of 2^248 r.
template Vector(n) {
    signal input v[n];
    signal input h;
    signal input r;
    signal input s;

    var blocks = (n + 14) \ 15;
    signal acc[blocks + 1];
    acc[0] <== 0;
    for (var b = 0; b < blocks; b++) {
        var block[16];
        block[0] = acc[b];
        for (var i = 0; i < 15; i++) {
            block[i + 1] = 15 * b + i < n ? v[15 * b + i] : 0;
        }
        acc[b + 1] <== Poseidon(16)(block);
    }
    h === acc[blocks];

    signal sum[n];
    sum[n - 1] <== v[n - 1];
    for (var i = n - 2; i >= 0; i--) {
        sum[i] <== sum[i + 1] * r + v[i];
    }
    s === sum[0];
}

// [C] One market's context word, opened. A word is below 2^241, so that it has one reading.
template Context() {
    signal input word;
    signal output lotValue;
    signal output maintenancePpm;
    signal output initialPpm;
    // Worth of one lot, quote Q32, signed.
    signal output unit;
    signal output isUnused;

    signal bits[241] <== Num2Bits(241)(word);
    var lot = 0;
    for (var i = 0; i < 80; i++) lot += bits[i] * (1 << i);
    var maintenance = 0;
    for (var i = 0; i < 24; i++) maintenance += bits[80 + i] * (1 << i);
    var initial = 0;
    for (var i = 0; i < 24; i++) initial += bits[104 + i] * (1 << i);
    var index = -(1 << 112);
    for (var i = 0; i < 113; i++) index += bits[128 + i] * (1 << i);

    lotValue <== lot;
    maintenancePpm <== maintenance;
    initialPpm <== initial;
    unit <== lot * (1 << 32) - index;
    isUnused <== IsZero()(word);
}

// [D] lotValue * ppm = whole * 10^6 + part with part < 10^6: the division that all members of a
// market share, so that a member's own rounding needs 57 bits and not 141.
template Rate() {
    signal input lotValue;
    signal input ppm;
    signal output whole;
    signal output part;

    signal product <== lotValue * ppm;
    whole <-- product \ 1000000;
    part <-- product % 1000000;
    product === whole * 1000000 + part;
    Range(85)(whole);
    Range(20)(part);
    Range(20)(999999 - part);
}

// [P] A position: its size is signed and |size| <= 2^56, an unused market has none.
template Position() {
    signal input size;
    signal input isUnused;
    // size + 2^56, 57 bits.
    signal output word;
    signal output lots;

    word <== size + (1 << 56);
    signal bits[57] <== Num2Bits(57)(word);
    lots <== size * (2 * bits[56] - 1);
    isUnused * size === 0;
}

// [M] What a position asks for, rounded up: lots * whole + up with up * 10^6 >= lots * part. `up`
// is the prover's; a larger one than needed only asks for more.
template Requirement() {
    signal input lots;
    signal input whole;
    signal input part;
    signal output need;

    signal fraction <== lots * part;
    signal up <-- (fraction + 999999) \ 1000000;
    Range(57)(up);
    Range(20)(up * 1000000 - fraction);
    need <== lots * whole + up;
}

// [L] A member's leaf, and its positions with their ranges.
template Leaf() {
    signal input key;
    signal input salt;
    signal input cash;
    signal input sizes[MARKETS()];
    signal input isUnused[MARKETS()];
    signal output lots[MARKETS()];
    signal output out;

    Range(128)(cash + (1 << 127));
    signal words[MARKETS()];
    for (var i = 0; i < MARKETS(); i++) {
        (words[i], lots[i]) <== Position()(sizes[i], isUnused[i]);
    }
    signal a[6];
    a[0] <== Hash2()(key, salt);
    a[1] <== Hash2()(a[0], cash + (1 << 127));
    for (var i = 0; i < 4; i++) {
        var packed = 0;
        for (var j = 0; j < 4; j++) packed += words[4 * i + j] * (1 << (57 * j));
        a[2 + i] <== Hash2()(a[1 + i], packed);
    }
    out <== a[5];
}

// [E] equity >= required, both quote Q32. |equity| < 2^174 and required < 2^178, so that a
// negative slack is far above 2^176 in the field and has no 176 bits.
template Covered() {
    signal input cash;
    signal input sizes[MARKETS()];
    signal input lots[MARKETS()];
    signal input units[MARKETS()];
    signal input wholes[MARKETS()];
    signal input parts[MARKETS()];
    // Asked for besides, whole quote units, below 2^123.
    signal input threshold;

    signal worth[MARKETS()];
    signal need[MARKETS()];
    var slack = cash - threshold * (1 << 32);
    for (var i = 0; i < MARKETS(); i++) {
        worth[i] <== sizes[i] * units[i];
        need[i] <== Requirement()(lots[i], wholes[i], parts[i]);
        slack += worth[i] - need[i] * (1 << 32);
    }
    Range(176)(slack);
}
