/** What a reactor thread is made with: checked and complete. */
export interface ReactorConfig {
  readonly avoidMethods: readonly string[];
  readonly features: number;
  readonly readEnvironment: boolean;
  readonly maxDispatchIntervalUs: number;
  readonly maxDispatchCallbacks: number;
  readonly priorities: number;
  readonly spinUs: number;
  readonly dispatch: boolean;
}
