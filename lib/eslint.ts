export type { NoUnboundedQueueOptions } from './eslint/NoUnboundedQueueOptions';
export { plugin } from './eslint/plugin';
export { recommended } from './eslint/recommended';
