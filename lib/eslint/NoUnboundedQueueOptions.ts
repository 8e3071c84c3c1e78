/** Options of the rule `rxjs-libevent/no-unbounded-queue`. */
export interface NoUnboundedQueueOptions {
  /**
   * What is done with an inner Observable of which neither its type nor the file says whether it takes time.
   * Report takes it for one that does: a held operator is right for both, and holds nothing for an
   * inner that completes at once. Default: `'report'`.
   */
  readonly unknownInners?: 'report' | 'allow';
}
