export * from './decide/action.ts';
export { decide } from './decide/decide.ts';
export type * from './decide/observation.ts';
