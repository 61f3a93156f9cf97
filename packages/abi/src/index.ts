export * from './generated/index.ts';
export { linkBytecode } from './link.ts';
