/** Options of the rule `rxjs-libevent/no-unbounded-queue`. */
export interface NoUnboundedQueueOptions {
  /**
   * What is done where neither the type of an inner Observable nor the file says whether it takes time.
   * `'report'` treats it as one that does: a held operator is right for both, and holds nothing for an
   * inner that completes at once. Default: `'report'`.
   */
  readonly unknownInners?: 'report' | 'allow';
}
