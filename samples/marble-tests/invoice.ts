export interface Invoice {
  readonly number: string;
  readonly cents: number;
}
