import type { Observable } from 'rxjs';

/** What becomes of the scope of a value, so of a hold, behind an operator. */
export type Scope =
  /** The operator passes values on at once: a hold behind it reaches the source. */
  | 'keeps'
  /** The operator has no scope to pass on, but holds its source itself when it is held. */
  | 'carries'
  /** The operator passes values on later: a hold behind it holds nothing. */
  | 'leaves';

/** One row of the table in docs/flow-control.md: an operator over a connection's bytes, one by one. */
export interface OperatorRow {
  readonly operator: string;
  readonly scope: Scope;
  readonly why: string;
  readonly apply: (source: Observable<Buffer>) => Observable<unknown>;
}
