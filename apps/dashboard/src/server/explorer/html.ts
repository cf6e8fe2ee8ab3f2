/** Text that is HTML already. Made only by `html`, so that nothing that came over the wire is ever taken for markup. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Value = Html | string | number | bigint | null | undefined | readonly Value[];

/** HTML with every value in it escaped, but what `html` made itself. */
export const html = (parts: TemplateStringsArray, ...values: readonly Value[]): Html =>
  new Html(parts.map((part, i) => part + (i < values.length ? show(values[i]) : '')).join(''));

function show(value: Value): string {
  if (value instanceof Html) return value.text;
  if (Array.isArray(value)) return value.map(show).join('');
  if (value === null || value === undefined) return '';
  return String(value).replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** A definition list: one row a fact. */
export const facts = (rows: readonly (readonly [string, Value])[]): Html =>
  html`<dl>${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;

export const link = (href: string, text: Value): Html => html`<a href="${href}">${text}</a>`;

export function page(title: string, body: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Holdfast</title>
<link rel="stylesheet" href="/explorer.css">
</head>
<body>
<header><a href="/">← Dashboard</a></header>
<main>
<h1>${title}</h1>
${body}
</main>
</body>
</html>`.text;
}
