// Asks Perfetto's own trace processor, as its UI ships it (WebAssembly), for rows of a trace: query.mjs ENGINE_FOLDER TRACE SQL.
// Prints a JSON list of rows. The engine is a web worker; it runs in a context of its own that has what it needs of one.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';

const [folder, trace, sql] = process.argv.slice(2);

// Messages of protos/perfetto/trace_processor/trace_processor.proto: numbers of fields and methods.
const APPEND_TRACE_DATA = 1, FINALIZE_TRACE_DATA = 2, QUERY_STREAMING = 3;
const MSG = 1, SEQ = 1, REQUEST = 2, APPENDED = 101, QUERY = 103, QUERY_RESULT = 203;

const varint = (n) => {
  const out = [];
  for (n = BigInt(n); n > 127n; n >>= 7n) out.push(Number(n & 127n) | 128);
  return [...out, Number(n)];
};
const number = (field, n) => Buffer.from([...varint(field << 3), ...varint(n)]);
const bytes = (field, data) => Buffer.concat([Buffer.from([...varint((field << 3) | 2), ...varint(data.length)]), data]);

function* fields(data) {
  let at = 0;
  const next = () => {
    for (let n = 0n, shift = 0n; ; shift += 7n) {
      const byte = data[at++];
      n |= BigInt(byte & 127) << shift;
      if (byte < 128) return n;
    }
  };
  while (at < data.length) {
    const key = Number(next());
    if ((key & 7) === 0) {
      yield [key >> 3, next()];
    } else {
      const length = Number(next());
      yield [key >> 3, data.subarray(at, at + length)];
      at += length;
    }
  }
}

function packed(data) {
  const out = [];
  let [n, shift] = [0n, 0n];
  for (const byte of data) {
    n |= BigInt(byte & 127) << shift;
    shift += 7n;
    if (byte < 128) {
      out.push(n);
      [n, shift] = [0n, 0n];
    }
  }
  return out;
}

const sandbox = {
  console: { log() {}, warn() {}, error: console.error }, setTimeout, TextDecoder, TextEncoder, performance, URL, crypto,
  WorkerGlobalScope: class {}, importScripts() {}, location: { href: 'file:///engine_bundle.js', pathname: '/' },
  XMLHttpRequest: class {
    open(_, name) { this.name = name; }
    send() {
      const file = readFileSync(join(folder, this.name));
      this.response = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength);
    }
  },
};
sandbox.self = sandbox; sandbox.globalThis = sandbox;
createContext(sandbox);
runInContext(readFileSync(join(folder, 'engine_bundle.js'), 'utf8'), sandbox);

function fail(why) {
  console.error(why);
  process.exit(1);
}

const rows = [];
const columns = [];
function onReply(reply) {
  for (const [field, message] of fields(Buffer.from(reply))) {
    if (field !== MSG) continue;
    for (const [inner, result] of fields(message)) if (inner === QUERY_RESULT) onResult(result);
  }
}
function onResult(result) {
  for (const [field, value] of fields(result)) {
    if (field === 1) columns.push(value.toString());
    if (field === 2 && value.length) fail(value.toString());
    if (field !== 3) continue;
    const batch = { kinds: [], ints: [], floats: [], texts: [] };
    let isLast = false;
    for (const [inner, data] of fields(value)) {
      if (inner === 1) batch.kinds.push(...packed(data).map(Number));
      if (inner === 2) batch.ints.push(...packed(data).map((n) => BigInt.asIntN(64, n)));
      if (inner === 3) for (let at = 0; at < data.length; at += 8) batch.floats.push(data.readDoubleLE(at));
      if (inner === 5) batch.texts.push(...data.toString().split('\0'));
      if (inner === 6) isLast = data !== 0n;
    }
    let row = [];
    for (const kind of batch.kinds) {
      // A number of 64 bits is a text here, as JSON's numbers hold 53.
      const cell = { 2: () => String(batch.ints.shift()), 3: () => batch.floats.shift(), 4: () => batch.texts.shift() }[kind];
      row.push(cell ? cell() : null);
      if (row.length === columns.length) {
        rows.push(row);
        row = [];
      }
    }
    if (isLast) {
      console.log(JSON.stringify(rows));
      process.exit(0);
    }
  }
}
const port = { onmessage: null, postMessage: (data) => onReply(data) };
let seq = 0;
// The engine asks whether what it gets is an array of its own world.
const Bytes = runInContext('Uint8Array', sandbox);
const send = (method, args) => {
  const message = Buffer.concat([number(SEQ, seq++), number(REQUEST, method), ...args]);
  port.onmessage({ data: new Bytes(bytes(MSG, message)) });
};
sandbox.onmessage({ data: port });
// It says to nobody when it is ready.
await new Promise((done) => setTimeout(done, 3000));
send(APPEND_TRACE_DATA, [bytes(APPENDED, readFileSync(trace))]);
send(FINALIZE_TRACE_DATA, []);
send(QUERY_STREAMING, [bytes(QUERY, bytes(1, Buffer.from(sql)))]);
setTimeout(() => fail('the trace processor did not answer'), 20000);
