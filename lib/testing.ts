export { useTurns } from './flow/laterTurn';
