/** What `base.signal()` emits. */
export interface SignalEvent {
  /** `'SIGHUP'` … */
  readonly signal: NodeJS.Signals;
  /** How often it has come since the last event: more than 1 while JavaScript was busy. */
  readonly count: number;
}
