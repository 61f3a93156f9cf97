export * from './deleverage.ts';
export * from './fill.ts';
export * from './legal.ts';
export * from './liquidation.ts';
export * from './margin.ts';
export * from './profit.ts';
export * from './steering.ts';
export * from './waterfall.ts';
