import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SecretKey } from '@chainsafe/blst';
import { fromHex, type Hex, toHex } from '@holdfast/units';

export interface SignCall {
  readonly pubkey: Hex;
  readonly type: string;
  readonly signingRoot: Hex;
  readonly body: Record<string, unknown>;
}

type Bend = (call: SignCall) => { readonly status: number; readonly body: string } | 'hang' | 'break' | null;

/**
 * A remote signer over HTTP as the API's documentation describes it, with real BLS and the plainest protection there is:
 * one block a slot, one attestation a target epoch, a root that was signed before again.
 */
export class SignerServer {
  readonly calls: SignCall[] = [];
  readonly connections = new Set<unknown>();
  token: string | null = null;
  /** In place of the true answer; null for that. */
  bend: Bend = () => null;
  protects = true;
  /** Answers as text, as the API allows. */
  asText = false;
  underWay = 0;
  underWayMax = 0;
  readonly #keys = new Map<Hex, SecretKey>();
  readonly #signed = new Map<string, Hex>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(secretKeys: readonly Uint8Array[]): Promise<SignerServer> {
    const server = createServer({ keepAlive: true });
    const signer = new SignerServer(server);
    for (const bytes of secretKeys) {
      const secret = SecretKey.fromBytes(bytes);
      signer.#keys.set(toHex(secret.toPublicKey().toBytes()), secret);
    }
    server.on('connection', (socket) => signer.connections.add(socket));
    server.on('request', (request, response) => void signer.#answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return signer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.underWay += 1;
    this.underWayMax = Math.max(this.underWayMax, this.underWay);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    // A little later, so that what is sent at once is under way at once.
    await new Promise((resolve) => setTimeout(resolve, 1));
    this.underWay -= 1;
    if (this.token !== null && request.headers.authorization !== `Bearer ${this.token}`) {
      response.writeHead(401).end('who are you?');
      return;
    }
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
    const pubkey = request.url!.replace('/api/v1/eth2/sign/', '') as Hex;
    const call = { pubkey, type: body.type as string, signingRoot: body.signingRoot as Hex, body };
    this.calls.push(call);
    const bent = this.bend(call);
    if (bent === 'hang') return;
    if (bent === 'break') {
      request.socket.destroy();
      return;
    }
    const { status, body: text } = bent ?? this.#sign(call);
    response.writeHead(status, { 'content-type': this.asText ? 'text/plain' : 'application/json' }).end(text);
  }

  #sign({ pubkey, type, signingRoot, body }: SignCall): { status: number; body: string } {
    const secret = this.#keys.get(pubkey);
    if (!secret) return { status: 404, body: 'no such key' };
    const once = onceOf(type, body);
    if (once !== null) {
      const before = this.#signed.get(`${pubkey} ${once}`);
      if (this.protects && before !== undefined && before !== signingRoot)
        return { status: 412, body: `slashable: ${once}` };
      this.#signed.set(`${pubkey} ${once}`, signingRoot);
    }
    const signature = toHex(secret.sign(fromHex(signingRoot, 32)).toBytes());
    return { status: 200, body: this.asText ? signature : JSON.stringify({ signature }) };
  }
}

/** What may be signed only once, by its name. */
function onceOf(type: string, body: Record<string, unknown>): string | null {
  if (type === 'ATTESTATION') {
    return `target ${(body.attestation as { target: { epoch: string } }).target.epoch}`;
  }
  if (type === 'BLOCK_V2') {
    return `slot ${(body.beacon_block as { block_header: { slot: string } }).block_header.slot}`;
  }
  return null;
}
