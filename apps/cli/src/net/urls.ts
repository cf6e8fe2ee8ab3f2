/** A URL as it may stand in a message: its path, query and password often hold a key, so only the host is shown. */
export function shown(url: string): string {
  if (!URL.canParse(url)) return 'an invalid URL';
  const { protocol, host, pathname, search } = new URL(url);
  return `${protocol}//${host}${pathname === '/' && search === '' ? '' : '/…'}`;
}

/** A text in which every URL is cut to what may be shown. */
export const withoutSecrets = (text: string): string =>
  text.replace(/(?:https?|postgres(?:ql)?):\/\/[^\s"'<>),\\]*[^\s"'<>),\\:.;]/g, shown);
