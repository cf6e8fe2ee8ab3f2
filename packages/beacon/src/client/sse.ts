/** One message of an event stream. */
export interface SseMessage {
  readonly event: string;
  readonly data: string;
}

/** Far above any beacon event; a stream beyond it is not one. */
export const SSE_MESSAGE_CHARS_MAX = 4 * 1024 * 1024;

/** Splits a text/event-stream, however it is cut into chunks, into messages (HTML standard, 9.2.6). */
export class SseParser {
  private rest = '';
  private event = '';
  private data: string[] = [];
  private pending = 0;

  /** The messages that this chunk completes. Throws RangeError when one grows beyond SSE_MESSAGE_CHARS_MAX. */
  push(chunk: string): SseMessage[] {
    const messages: SseMessage[] = [];
    const text = this.rest + chunk;
    let start = 0;
    for (;;) {
      const line = nextLine(text, start);
      if (!line) break;
      this.takeLine(text.slice(start, line.end), messages);
      start = line.next;
    }
    this.rest = text.slice(start);
    if (this.rest.length + this.pending > SSE_MESSAGE_CHARS_MAX)
      throw new RangeError('an event grew beyond all measure');
    return messages;
  }

  private takeLine(line: string, messages: SseMessage[]): void {
    if (line === '') {
      if (this.data.length > 0) messages.push({ event: this.event || 'message', data: this.data.join('\n') });
      this.event = '';
      this.data = [];
      this.pending = 0;
      return;
    }
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'event') this.event = value;
    if (field === 'data') {
      this.data.push(value);
      this.pending += value.length;
    }
  }
}

/** Lines end in \n, \r or \r\n; a \r at the very end may be half of \r\n, so it waits for the next chunk. */
function nextLine(text: string, start: number): { end: number; next: number } | null {
  for (let i = start; i < text.length; i += 1) {
    const char = text[i];
    if (char === '\n') return { end: i, next: i + 1 };
    if (char === '\r') {
      if (i + 1 === text.length) return null;
      return { end: i, next: text[i + 1] === '\n' ? i + 2 : i + 1 };
    }
  }
  return null;
}
