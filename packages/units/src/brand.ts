declare const brand: unique symbol;

/** A primitive that the type checker will not mix up with another of the same shape. Costs nothing at run time. */
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };
