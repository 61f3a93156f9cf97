/** Volatility and margins from prices. Statistics only: its floats never carry money. */
export * from './backtest.ts';
export * from './features.ts';
export * from './linear.ts';
export * from './margin.ts';
export * from './model.ts';
export * from './panel.ts';
export * from './propose.ts';
export * from './scores.ts';
export * from './synthetic.ts';
