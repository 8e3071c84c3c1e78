import type { NativeReactorOptions } from '../native';

/** What a reactor is made with, beside its memory: checked and complete. */
export type ReactorConfig = Omit<
  NativeReactorOptions,
  'control' | 'completions' | 'submissions' | 'sent' | 'arena' | 'onWakeup'
>;
