export interface Order {
  /** The customer's own: an order that is sent twice is one. */
  readonly id: string;
  readonly customer: string;
  readonly cents: number;
  readonly parcels: readonly string[];
}

export interface Parcel {
  readonly customer: string;
  readonly content: string;
}
