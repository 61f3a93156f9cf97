// SPDX-License-Identifier: Apache-2.0
pragma circom 2.1.6;

// A second circuit of a ceremony.
template Margin(depth) {
    signal input h;
    signal input r;
    signal input s;
    signal input a;

    h === a * a;
    s === a * r + depth;
}
