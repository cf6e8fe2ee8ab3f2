import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Proposal, Vote } from './slashable.ts';

export interface SeenVote extends Vote {
  readonly slot: number;
}

interface VoteJson {
  readonly attester_index: string;
  readonly data: {
    readonly slot: string;
    readonly source: { readonly epoch: string };
    readonly target: { readonly epoch: string };
  };
}

/** Stands before a Beacon API, passes everything on, and keeps what was published: even what the node refused. */
export class Witness {
  readonly votes: SeenVote[] = [];
  readonly proposals: Proposal[] = [];
  readonly #target: URL;
  readonly #server: Server;

  private constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async before(target: string): Promise<Witness> {
    const witness = new Witness(target);
    await new Promise<void>((done) => witness.#server.listen(0, '127.0.0.1', done));
    return witness;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((done) => this.#server.close(() => done()));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url: path = '/', headers } = request;
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const body = Buffer.concat(chunks);
    if (method === 'POST') this.#see(path, headers['content-type'] ?? '', body);
    const { hostname, port, host } = this.#target;
    const onward = send({ hostname, port, path, method, headers: { ...headers, host } }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    // An event stream ends when the one who listens goes.
    response.on('close', () => onward.destroy());
    onward.end(body);
  }

  #see(path: string, type: string, body: Buffer): void {
    if (path === '/eth/v2/beacon/pool/attestations') {
      for (const { attester_index, data } of JSON.parse(body.toString()) as VoteJson[]) {
        this.votes.push({
          signer: attester_index,
          slot: Number(data.slot),
          source: Number(data.source.epoch),
          target: Number(data.target.epoch),
          root: hash(JSON.stringify(data)),
        });
      }
    } else if (path === '/eth/v2/beacon/blocks') {
      if (!type.includes('octet-stream')) throw new Error(`a block as ${type}: the witness reads SSZ alone`);
      this.proposals.push(proposalIn(body));
    }
  }
}

/** Of a `SignedBlockContents`: the signed block stands behind three offsets, the message behind an offset and 96 bytes. */
function proposalIn(contents: Buffer): Proposal {
  const [start, end] = [contents.readUInt32LE(0), contents.readUInt32LE(4)];
  const signed = contents.subarray(start, end);
  const message = signed.subarray(signed.readUInt32LE(0));
  return {
    slot: Number(message.readBigUInt64LE(0)),
    signer: String(message.readBigUInt64LE(8)),
    root: hash(message),
  };
}

const hash = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');
