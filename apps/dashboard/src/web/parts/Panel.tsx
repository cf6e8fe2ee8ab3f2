import { type ReactNode, useId } from 'react';

/** A titled region of the page. */
export function Panel(props: {
  readonly title: string;
  readonly area: string;
  readonly note?: ReactNode;
  readonly children: ReactNode;
}) {
  const id = useId();
  return (
    <section className={`panel panel-${props.area}`} aria-labelledby={id}>
      <header className="panel-head">
        <h2 id={id}>{props.title}</h2>
        {props.note === undefined ? null : <p className="panel-note">{props.note}</p>}
      </header>
      {props.children}
    </section>
  );
}

/** What stands where nothing has happened yet. */
export function Empty(props: { readonly children: ReactNode }) {
  return <p className="empty">{props.children}</p>;
}

/** A link to the page's own explorer. */
export function Tx(props: { readonly hash: string; readonly children?: ReactNode }) {
  return (
    <a className="mono" href={`/tx/${props.hash}`} target="_blank" rel="noreferrer">
      {props.children ?? `${props.hash.slice(0, 8)}…`}
    </a>
  );
}

export function BlockLink(props: { readonly number: string }) {
  return (
    <a href={`/block/${props.number}`} target="_blank" rel="noreferrer">
      block {props.number}
    </a>
  );
}

export function SlotLink(props: { readonly slot: number; readonly children?: ReactNode }) {
  return (
    <a href={`/slot/${props.slot}`} target="_blank" rel="noreferrer">
      {props.children ?? `slot ${props.slot}`}
    </a>
  );
}
