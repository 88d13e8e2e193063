#!/usr/bin/env node
// A follower of fednet feeds, written from protocol/SPEC.md alone; Node 18 or later, nothing to install.
//
//     node follower.mjs --dir DIR follow URL --fingerprint ID
//     node follower.mjs --dir DIR sync
//     node follower.mjs --dir DIR dump
//
// It follows public feeds, whole and in memory, and keeps them in DIR/followed.json. Section numbers are SPEC's.

import { createHash, createPublicKey, verify } from "node:crypto";
import { mkdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createGunzip } from "node:zlib";

// --- refusals (1) and limits (8) -------------------------------------------------------------------------------------

/** Verification refused something; `word` is one of the table in section 1. */
export class Refusal extends Error {
  constructor(word, detail) {
    super(detail);
    this.word = word;
  }
}

/** Nobody answered, or nothing that answers the question. */
class Unreachable extends Error {}

/** A page is not there any more: the state has moved on. */
class MovedOn extends Unreachable {}

const refuse = (word, detail) => {
  throw new Refusal(word, detail);
};
const malformed = (detail) => refuse("malformed", detail);

const KIB = 1024;
const MAX_BODY = 64 * KIB;
const MAX_LINE = 128 * KIB;
const MAX_EDITION_LINE = KIB;
const MAX_NOTE = 64 * KIB;
const MAX_SIGNATURES = 32;
const MAX_STATEMENTS = 1_000;
const MAX_EPOCH = 1_000;
const MAX_RECOVERY_KEYS = 16;
const MAX_EDITIONS = 1_000_000;
const MAX_SIZE = 2n ** 62n;
const MAX_RECORDS = 4_000_000;
const MAX_ANSWER = 64 * KIB * KIB;
const MAX_EDITION_LINES = 1_000;
const MAX_LEAVES_A_LINE = 512;
const MAX_PAGE = 512;
const MAX_NODE_BIT = 96;
const TILE = 256;
const REQUEST_MS = 60_000;
const ATTEMPTS = 5;

// --- spellings (1) ---------------------------------------------------------------------------------------------------

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function utf8(raw) {
  try {
    return decoder.decode(raw);
  } catch {
    return malformed("not valid UTF-8");
  }
}

function number(text) {
  if (!/^(0|[1-9][0-9]{0,18})$/.test(text)) malformed(`not a number: ${shown(text)}`);
  return Number(text);
}

export function base64(text, size) {
  const raw = Buffer.from(String(text), "base64");
  if (typeof text !== "string" || raw.toString("base64") !== text) malformed(`not base64: ${shown(text)}`);
  if (size !== undefined && raw.length !== size) malformed(`expected ${size} bytes, found ${raw.length}`);
  return raw;
}

function hash32(text) {
  if (!/^[0-9a-f]{64}$/.test(text)) malformed(`expected 64 hexadecimal digits, found ${shown(text)}`);
  return text;
}

/** Seconds since 1970 of `2026-11-21T18:00:00Z`. */
function time(text) {
  const moment = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(moment) || new Date(moment).toISOString() !== text.replace("Z", ".000Z") || text < "0001") {
    malformed(`not a time: ${shown(text)}`);
  }
  return moment / 1000;
}

const isNetwork = (text) => /^[a-z2-7]{32}$/.test(text);
const isCircle = (text) => /^[a-z0-9-]{1,32}$/.test(text);
const HANDLE = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";
const shown = (text) => JSON.stringify(String(text).slice(0, 60));

const sha256 = (...parts) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** One line of JSON whose one spelling is what `ordered` makes of it again. */
function oneSpelling(text, ordered) {
  let value, again;
  try {
    value = JSON.parse(text);
    again = JSON.stringify(ordered(value));
  } catch {
    malformed("not JSON, or nested too deep");
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) malformed("not a JSON object");
  const escaped = /\\ud[89a-f]/.test(text); // half a character, which UTF-8 cannot write
  if (again !== text || escaped) malformed(`not the one spelling: ${shown(text)}`);
  return value;
}

/** The fields of an object that are there, in the prescribed order. */
const inOrder = (value, fields) =>
  Object.fromEntries(fields.filter((field) => Object.hasOwn(value, field)).map((field) => [field, value[field]]));

const isCount = (value) => Number.isSafeInteger(value) && value >= 0;

// --- Ed25519 (1): verification by node:crypto, keys checked for prime order ------------------------------------------

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const mod = (a) => ((a % P) + P) % P;

function power(base, exponent) {
  let result = 1n;
  for (let b = mod(base), e = exponent; e > 0n; e >>= 1n, b = (b * b) % P) if (e & 1n) result = (result * b) % P;
  return result;
}

const D = mod(-121665n * power(121666n, P - 2n));
const ROOT_OF_MINUS_1 = power(2n, (P - 1n) / 4n);

/** RFC 8032 section 5.1.3, or null if the bytes are not the canonical encoding of a point. */
function point(key) {
  const encoded = BigInt(`0x${Buffer.from(key).reverse().toString("hex")}`);
  const sign = encoded >> 255n;
  const y = encoded & (2n ** 255n - 1n);
  if (y >= P) return null;
  const u = mod(y * y - 1n);
  const v = mod(D * y * y + 1n);
  let x = mod(u * power(v, 3n) * power(u * power(v, 7n), (P - 5n) / 8n));
  if (mod(v * x * x - u) !== 0n) x = mod(x * ROOT_OF_MINUS_1);
  if (mod(v * x * x - u) !== 0n || (x === 0n && sign === 1n)) return null;
  if ((x & 1n) !== sign) x = P - x;
  return [x, y, 1n, mod(x * y)];
}

/** RFC 8032 section 5.1.4. */
function sum(a, b) {
  const m = mod((a[1] - a[0]) * (b[1] - b[0]));
  const n = mod((a[1] + a[0]) * (b[1] + b[0]));
  const c = mod(2n * a[3] * b[3] * D);
  const d = mod(2n * a[2] * b[2]);
  const [e, f, g, h] = [n - m, d - c, d + c, n + m];
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

const isNeutral = (p) => p[0] === 0n && p[1] === p[2];
const goodKeys = new Set();

/** Malformed unless the key is the canonical encoding of a point of prime order. */
function checkKey(raw) {
  const name = raw.toString("hex");
  if (goodKeys.has(name)) return raw;
  const found = point(raw);
  if (found === null) return malformed("not the encoding of a point");
  let total = [0n, 1n, 1n, 0n];
  for (let p = found, e = L; e > 0n; e >>= 1n, p = sum(p, p)) if (e & 1n) total = sum(total, p);
  if (isNeutral(found) || !isNeutral(total)) malformed("the key is not of prime order");
  goodKeys.add(name);
  return raw;
}

const SPKI = Buffer.from("302a300506032b6570032100", "hex");

function verifies(key, signature, message) {
  if (signature.length !== 64) return false;
  try {
    const known = createPublicKey({ key: Buffer.concat([SPKI, key]), format: "der", type: "spki" });
    return verify(null, message, known, signature);
  } catch {
    return false;
  }
}

// --- signed notes (2.1) ----------------------------------------------------------------------------------------------

export function parseNote(raw) {
  if (raw.length > MAX_NOTE) refuse("too-much", `a note of ${raw.length} bytes`);
  const whole = utf8(raw);
  const end = whole.lastIndexOf("\n\n");
  if (end < 0 || !whole.endsWith("\n") || end + 2 >= whole.length) malformed("not a note");
  const text = whole.slice(0, end + 1);
  if (/[\x00-\x09\x0b-\x1f]/.test(text)) malformed("a control character in a note");
  const lines = whole.slice(end + 2, -1).split("\n");
  if (lines.length > MAX_SIGNATURES) refuse("too-much", `a note with ${lines.length} signatures`);
  return { whole, text, signatures: lines.map(parseSignature) };
}

function parseSignature(line) {
  const match = /^— ([^\s+\x00-\x1f]+) ([A-Za-z0-9+/]+={0,2})$/u.exec(line);
  if (match === null) malformed(`not a signature line: ${shown(line)}`);
  const raw = base64(match[2]);
  if (raw.length < 5) malformed("a signature that is too short");
  return { name: match[1], id: raw.subarray(0, 4).toString("hex"), value: raw.subarray(4) };
}

export const PLAIN = 0x01;
const COSIGNATURE = 0x04;

/** A key under a name, of one of the two types of signature. */
export function verifier(name, key, type = PLAIN) {
  if (type !== PLAIN && type !== COSIGNATURE) malformed(`signatures of type ${type} are not spoken here`);
  checkKey(key);
  const id = sha256(name, "\n", Buffer.from([type]), key).subarray(0, 4).toString("hex");
  const accepts = type === PLAIN
    ? (text, value) => verifies(key, value, Buffer.from(text))
    : (text, value) =>
        value.length === 72 && value[0] < 0x80 && verifies(key, value.subarray(8), cosigned(text, value));
  return { name, id, accepts };
}

/** What a cosignature is over: the time, told by its first 8 bytes, and the text. */
const cosigned = (text, value) => Buffer.from(`cosignature/v1\ntime ${value.readBigUInt64BE(0)}\n${text}`);

/** Which of these keys vouch for a note, each once. */
export function openNote(note, verifiers) {
  const vouching = new Set();
  for (const { name, id, value } of note.signatures) {
    const known = verifiers.find((one) => one.name === name && one.id === id);
    if (known === undefined) continue;
    if (!known.accepts(note.text, value)) refuse("bad-signature", `a signature of ${name} fails`);
    vouching.add(known);
  }
  if (vouching.size === 0) refuse("bad-signature", "no key that is known here signed");
  return vouching;
}

// --- identity (3) ----------------------------------------------------------------------------------------------------

const STATEMENT = ["sequence", "network", "name", "epoch", "log_key", "cosigner_key", "transport_key", "bundle_key",
  "recovery_keys", "threshold", "previous", "closes"];
const CLOSES = ["epoch", "size", "root", "edition"];
const EMPTY_LOG = sha256("");
const NOTHING_CLOSED = { epoch: 0, size: 0, root: EMPTY_LOG.toString("base64"), edition: 0 };
const LATER_ONLY = ["network", "previous", "closes"];
const ONLINE = ["log_key", "cosigner_key", "transport_key", "bundle_key"];

const sameCloses = (a, b) => JSON.stringify(a && inOrder(a, CLOSES)) === JSON.stringify(b && inOrder(b, CLOSES));

function checkCloses(closes) {
  if (closes === null || typeof closes !== "object") malformed("closes is an object");
  const { epoch, size, root, edition } = closes;
  const empty = base64(root, 32).equals(EMPTY_LOG);
  if (![epoch, size, edition].every(isCount) || epoch > MAX_EPOCH || size > edition || size > MAX_EDITIONS ||
      edition > MAX_EPOCH * MAX_EDITIONS || (size === 0 && !empty)) {
    malformed("closes: impossible numbers");
  }
}

const spelledCloses = (value) =>
  value.closes === null || typeof value.closes !== "object"
    ? value
    : { ...value, closes: inOrder(value.closes, CLOSES) };

function parseStatement(text) {
  const statement = oneSpelling(text.replace(/\n$/, ""), (value) => spelledCloses(inOrder(value, STATEMENT)));
  const { sequence, name, epoch, bundle_key, recovery_keys, threshold } = statement;
  for (const field of STATEMENT.filter((field) => !LATER_ONLY.includes(field))) {
    if (!Object.hasOwn(statement, field)) malformed(`a statement without ${field}`);
  }
  if (![sequence, epoch, threshold].every(Number.isSafeInteger) || !Array.isArray(recovery_keys) ||
      ![name, bundle_key, statement.network ?? "", statement.previous ?? ""].every((one) => typeof one === "string")) {
    malformed("a field of another type");
  }
  if (LATER_ONLY.some((field) => statement[field] === null)) malformed("null is never written");
  const impossible =
    sequence < 0 || sequence >= MAX_STATEMENTS || epoch < 1 || epoch > MAX_EPOCH ||
    [...name].length < 1 || [...name].length > 200 || /[\x00-\x1f\x7f-\x9f]/.test(name) ||
    !/^age1[02-9ac-hj-np-z]{58}$/.test(bundle_key) ||
    recovery_keys.length > MAX_RECOVERY_KEYS || threshold < 1 || threshold > recovery_keys.length;
  if (impossible) refuse("bad-identity", "impossible values in a statement");
  const keys = [statement.log_key, statement.cosigner_key, statement.transport_key, ...recovery_keys];
  for (const key of keys) checkKey(base64(key, 32));
  if (new Set(keys).size !== keys.length) refuse("bad-identity", "all keys of a statement must be distinct");
  if (statement.closes !== undefined) checkCloses(statement.closes);
  return statement;
}

function checkThreshold(note, { recovery_keys, threshold }) {
  const vouching = openNote(note, recovery_keys.map((key) => verifier("fednet/recovery", base64(key, 32))));
  if (vouching.size < threshold) refuse("bad-identity", `expected ${threshold} signatures, found ${vouching.size}`);
}

const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

function networkId(text) {
  const bits = [...sha256(text)].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return bits.slice(0, 160).match(/.{5}/g).map((five) => BASE32[parseInt(five, 2)]).join("");
}

function checkFollows(identity, statement, note) {
  const last = identity.statements.at(-1);
  const follows =
    statement.sequence === last.sequence + 1 && statement.network === identity.network &&
    statement.previous === sha256(identity.notes.at(-1).text).toString("hex");
  if (!follows) refuse("bad-identity", `statement ${statement.sequence} does not follow`);
  checkThreshold(note, last);
  const authority = (one) => JSON.stringify([[...one.recovery_keys].sort(), one.threshold]);
  if (authority(statement) !== authority(last)) checkThreshold(note, statement);
  if (statement.epoch === last.epoch) {
    if (ONLINE.some((key) => statement[key] !== last[key])) refuse("bad-identity", "a new online key opens an epoch");
    if (statement.closes !== undefined) refuse("bad-identity", "closes without a new epoch");
    return;
  }
  const { closes } = statement;
  const began = opening(identity, last.epoch).closes ?? NOTHING_CLOSED;
  const closed =
    statement.epoch === last.epoch + 1 && closes !== undefined && closes.epoch === last.epoch &&
    closes.edition === began.edition + closes.size;
  if (!closed) refuse("bad-identity", `statement ${statement.sequence} does not close epoch ${last.epoch}`);
}

/** The `identity` resource, verified from the genesis on. */
export function parseIdentity(raw) {
  const lines = utf8(raw).split("\n");
  if (lines.pop() !== "" || lines.length === 0) malformed("an identity is one note a line");
  if (lines.length > MAX_STATEMENTS) refuse("too-much", `${lines.length} statements`);
  const identity = { network: "", statements: [], notes: [], raw: Buffer.from(raw) };
  for (const line of lines) {
    const note = parseNote(base64(line));
    if (note.text.indexOf("\n") !== note.text.length - 1) malformed("a statement is one line");
    const statement = parseStatement(note.text);
    if (identity.statements.length > 0) checkFollows(identity, statement, note);
    else {
      const first = statement.sequence === 0 && statement.epoch === 1;
      const later = LATER_ONLY.some((field) => Object.hasOwn(statement, field));
      if (!first || later) refuse("bad-identity", "not a genesis");
      checkThreshold(note, statement);
      identity.network = networkId(note.text);
    }
    identity.statements.push(statement);
    identity.notes.push(note);
  }
  identity.epoch = identity.statements.at(-1).epoch;
  return identity;
}

const opening = (identity, epoch) =>
  identity.statements.find((one) => one.epoch === epoch) ?? refuse("bad-identity", `no statement opens epoch ${epoch}`);

/** The longer of two chains of one network (3.4). */
export function newer(held, served) {
  if (served.network !== held.network) refuse("bad-identity", `expected ${held.network}, found ${served.network}`);
  held.notes.forEach((note, i) => {
    const other = served.notes[i];
    if (other && other.text !== note.text) refuse("identity-fork", `two statements ${i} both verify`);
  });
  return served.notes.length > held.notes.length ? served : held;
}

// --- the log (6.2, 6.3) ----------------------------------------------------------------------------------------------

const ZERO = Buffer.from([0]);
const ONE = Buffer.from([1]);
export const leafHash = (line) => sha256(ZERO, line);
const nodeHash = (left, right) => sha256(ONE, left, right);

/** A log: its frontier (the roots of its perfect subtrees, largest first), and the leaf hashes beside it. */
export class Log {
  constructor(size = 0, frontier = [], leaves = []) {
    Object.assign(this, { size, frontier, leaves });
  }

  extended(leaves) {
    const frontier = [...this.frontier];
    leaves.forEach((leaf, i) => {
      let found = leaf;
      for (let size = this.size + i; size % 2 === 1; size = (size - 1) / 2) found = nodeHash(frontier.pop(), found);
      frontier.push(found);
    });
    return new Log(this.size + leaves.length, frontier, [...this.leaves, ...leaves]);
  }

  /** Its first leaves alone. */
  upTo(size) {
    return new Log().extended(this.leaves.slice(0, size));
  }

  /** MTH of RFC 6962. */
  get root() {
    return this.frontier.length === 0 ? EMPTY_LOG : this.frontier.reduceRight((right, left) => nodeHash(left, right));
  }
}

/** RFC 9162 section 2.1.3.2. */
export function checkInclusion(proof, size, root, index, leaf) {
  if (index >= size) refuse("bad-proof", `no leaf ${index} in a log of ${size}`);
  let [fn, sn, found] = [index, size - 1, leaf];
  for (const sibling of proof) {
    if (sn === 0) refuse("bad-proof", "the inclusion proof is too long");
    if (fn % 2 === 1 || fn === sn) {
      found = nodeHash(sibling, found);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
    } else found = nodeHash(found, sibling);
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  if (sn !== 0 || !found.equals(root)) refuse("bad-proof", "the inclusion proof does not lead to the root");
}

export function openCheckpoint(note, log, witnesses = []) {
  if (!openNote(note, [log, ...witnesses]).has(log)) refuse("bad-signature", `no signature of ${log.name}`);
  const lines = note.text.split("\n");
  if (lines.length !== 4) malformed("a checkpoint has three lines");
  const checkpoint = { origin: lines[0], size: number(lines[1]), root: base64(lines[2], 32) };
  if (BigInt(lines[1]) > MAX_SIZE) malformed(`an impossible size: ${lines[1]}`);
  if (checkpoint.origin !== log.name) refuse("bad-signature", `expected the origin ${log.name}`);
  return checkpoint;
}

/** A checkpoint of a feed, by the key of its epoch. */
function openHead(identity, circle, epoch, note) {
  const key = base64(opening(identity, epoch).log_key, 32);
  const checkpoint = openCheckpoint(note, verifier(`fednet/${identity.network}/${circle}/${epoch}`, key));
  if (checkpoint.size > MAX_EDITIONS) refuse("too-much", `a log of ${checkpoint.size} editions`);
  return checkpoint;
}

/** `tile/<level>/<N>[.p/<W>]` of the tile that holds index `start` (a multiple of 256) of a log of `size`. */
function tilePath(level, start, size) {
  const width = Math.min(TILE, size - start);
  const groups = String(start / TILE).padStart(3, "0");
  const digits = groups.padStart(Math.ceil(groups.length / 3) * 3, "0").match(/.{3}/g);
  const name = digits.map((three, i) => (i < digits.length - 1 ? `x${three}` : three)).join("/");
  return { path: `tile/${level}/${name}${width < TILE ? `.p/${width}` : ""}`, start, width };
}

function parseTile(tile, raw) {
  if (raw.length !== 32 * tile.width) malformed(`a tile of ${raw.length} bytes, expected ${32 * tile.width}`);
  return Array.from({ length: tile.width }, (_, i) => raw.subarray(32 * i, 32 * i + 32));
}

/** An entry bundle: each edition line after its length in two bytes. */
function parseEntries(tile, raw) {
  const lines = [];
  let at = 0;
  while (at + 2 <= raw.length) {
    const end = at + 2 + raw.readUInt16BE(at);
    lines.push(raw.subarray(at + 2, end));
    at = end;
  }
  if (at !== raw.length || lines.length !== tile.width) malformed("not an entry bundle");
  return lines;
}

// --- editions (6.1) --------------------------------------------------------------------------------------------------

const EDITION = ["edition", "issued", "expires", "records", "erased", "state", "closes"];

export function parseEdition(line) {
  if (Buffer.byteLength(line) > MAX_EDITION_LINE) refuse("too-much", "a long edition line");
  const edition = oneSpelling(utf8(Buffer.from(line)), (value) => spelledCloses(inOrder(value, EDITION)));
  for (const field of EDITION.slice(0, 6)) if (!Object.hasOwn(edition, field)) malformed(`an edition without ${field}`);
  const { edition: count, records, erased } = edition;
  if (![count, records, erased].every(isCount) || count < 1 || count > MAX_EPOCH * MAX_EDITIONS) {
    malformed("impossible numbers in an edition");
  }
  if (records + erased > MAX_RECORDS) refuse("too-much", `an edition of ${records + erased} records`);
  base64(edition.state, 32);
  const lifetime = time(edition.expires) - time(edition.issued);
  if (lifetime <= 0 || lifetime > 90 * 86_400) malformed("an edition that lives too long, or not at all");
  if (edition.closes !== undefined) checkCloses(edition.closes);
  return edition;
}

// --- records (5.1, 5.2) and the state tree (5.3) ---------------------------------------------------------------------
//
// A record is {key, commitment} with {handle, salt, body}, or {erased: true}: keys in hexadecimal, salt in base64.

export const commit = (feed, { handle, salt, body }) =>
  sha256(`fednet record v1\n${feed.network}\n${feed.circle}\n${handle}\n${salt}\n${body}\n`).toString("hex");

export const erasedCommitment = (feed, key) =>
  sha256(`fednet erased v1\n${feed.network}\n${feed.circle}\n${key}\n`).toString("hex");

const tombstone = (feed, key) => ({ key, commitment: erasedCommitment(feed, key), erased: true });

const PUT = new RegExp(`^put (${HANDLE}) ([A-Za-z0-9+/]{43}=) ([^\\x00-\\x1f]+)$`, "u");

export function parsePut(feed, line) {
  const match = PUT.exec(line);
  if (match === null) malformed(`not a put line: ${shown(line)}`);
  const [, handle, salt, body] = match;
  base64(salt, 32);
  if (Buffer.byteLength(body) > MAX_BODY) refuse("too-much", "a long body");
  return { key: sha256(handle).toString("hex"), commitment: commit(feed, { handle, salt, body }), handle, salt, body };
}

/** Entries: null, {leaf: true, key, commitment, hash} or {leaf: false, hash}; hashes are bytes. */
const leafEntry = ({ key, commitment }) => ({
  leaf: true, key, commitment, hash: sha256(ZERO, Buffer.from(key, "hex"), Buffer.from(commitment, "hex")),
});
const nodeEntry = (hash) => ({ leaf: false, hash });
const EMPTY = Buffer.alloc(32);
export const entryHash = (entry) => (entry === null ? EMPTY : entry.hash);

function combine(left, right) {
  if (left === null && (right === null || right.leaf)) return right;
  if (right === null && left.leaf) return left;
  return nodeEntry(nodeHash(entryHash(left), entryHash(right)));
}

const fold = (entries) => {
  if (entries.length === 1) return entries[0];
  const middle = entries.length / 2;
  return combine(fold(entries.slice(0, middle)), fold(entries.slice(middle)));
};

const bit = (key, depth) => (parseInt(key[depth >> 2], 16) >> (3 - (depth & 3))) & 1;

/** What records, ascending by key and alike in their first `depth` bits, add up to. */
export function addUp(records, depth = 0) {
  if (records.length < 2) return records.length === 0 ? null : leafEntry(records[0]);
  if (depth > MAX_NODE_BIT) refuse("too-much", `a node below bit ${MAX_NODE_BIT}`);
  let middle = records.findIndex((record) => bit(record.key, depth) === 1);
  if (middle < 0) middle = records.length;
  return combine(addUp(records.slice(0, middle), depth + 1), addUp(records.slice(middle), depth + 1));
}

export const ascending = (records) => [...records].sort((a, b) => (a.key < b.key ? -1 : 1));

// --- answers and pages (7.1, 7.2) ------------------------------------------------------------------------------------

/** Lines without their newlines. */
function linesOf(raw) {
  if (raw.length > MAX_ANSWER) refuse("too-much", "a long answer");
  const lines = utf8(raw).split("\n");
  if (lines.pop() !== "") malformed("the last line does not end");
  if (lines.some((line) => Buffer.byteLength(line) > MAX_LINE)) refuse("too-much", "a long line");
  return lines;
}

const cut = (line) => {
  const space = line.indexOf(" ");
  return space < 0 ? [line, ""] : [line.slice(0, space), line.slice(space + 1)];
};

const ORDER = { edition: 0, inclusion: 1, leaves: 2, put: 3, erase: 3, drop: 3 };

export function parseAnswer(raw) {
  const lines = linesOf(raw);
  if (lines.length < 3) malformed("a changes answer has at least three lines");
  const head = /^fednet\/(\S+) changes (\S+) (\S+) (\S+)$/u.exec(lines[0]);
  if (head === null) malformed(`not a first line: ${shown(lines[0])}`);
  if (head[1] !== "1") refuse("unknown-version", `the answer is in version ${head[1]}, spoken here is 1`);
  const [, , network, circle, since] = head;
  const answer = { network, circle, since, editions: [], inclusion: [], leaves: [], changes: [] };
  if (!isNetwork(answer.network) || !isCircle(answer.circle)) malformed("no such network or circle");
  readCheckpointLine(answer, lines[1]);
  let stage = 0;
  for (const line of lines.slice(2, -1)) {
    const [word, rest] = cut(line);
    if (!Object.hasOwn(ORDER, word) || ORDER[word] < stage) malformed(`out of place: ${shown(line)}`);
    stage = ORDER[word];
    readLine(answer, word, rest, line);
  }
  const [end, count] = cut(lines.at(-1));
  if (end !== "end" || number(count) !== answer.changes.length) malformed("the end does not fit");
  if (new Set(answer.changes.map((change) => change.key)).size !== answer.changes.length) malformed("a key twice");
  if (answer.editions.length > MAX_EDITION_LINES) refuse("too-much", `${answer.editions.length} edition lines`);
  return answer;
}

function readCheckpointLine(answer, line) {
  const parts = line.split(" ");
  if (parts.length !== 3 || parts[0] !== "checkpoint") malformed(`not a checkpoint line: ${shown(line)}`);
  answer.epoch = number(parts[1]);
  answer.checkpoint = parseNote(base64(parts[2]));
}

function readLine(answer, word, rest, line) {
  switch (word) {
    case "edition":
      return answer.editions.push(rest);
    case "inclusion":
      return answer.inclusion.push(base64(rest, 32));
    case "leaves": {
      const raw = base64(rest);
      const count = raw.length / 32;
      if (count < 1 || count > MAX_LEAVES_A_LINE || !Number.isInteger(count)) malformed("not a leaves line");
      return answer.leaves.push(...parseTile({ width: count }, raw));
    }
    case "put":
      return answer.changes.push(parsePut(answer, line));
    case "erase":
      return answer.changes.push(tombstone(answer, hash32(rest)));
    default:
      return answer.changes.push({ key: hash32(rest), drop: true });
  }
}

export function parseEntry(line) {
  const parts = line.split(" ");
  if (line === "-") return null;
  if (parts.length === 3 && parts[0] === "leaf") {
    return leafEntry({ key: hash32(parts[1]), commitment: hash32(parts[2]) });
  }
  if (parts.length === 3 && parts[0] === "node") {
    number(parts[2]); // a hint, but a number
    return nodeEntry(Buffer.from(hash32(parts[1]), "hex"));
  }
  return malformed(`not an entry: ${shown(line)}`);
}

const alike = (a, b) => entryHash(a).equals(entryHash(b)) && (a === null) === (b === null) && a?.leaf === b?.leaf;

/** A page at a prefix of digits, which must add up to `wanted`: {entries} or {records}. */
export function parsePage(feed, raw, prefix, wanted) {
  const [form, ...lines] = linesOf(raw);
  let page, found;
  if (form === "entries") {
    if (lines.length !== 16) malformed(`${lines.length} entries`);
    if (wanted?.leaf !== false) malformed("an entries page stands for a node only");
    if (prefix.length >= MAX_NODE_BIT / 4) refuse("too-much", `a node below bit ${MAX_NODE_BIT}`);
    const entries = lines.map(parseEntry);
    entries.forEach((entry, i) => {
      if (entry?.leaf && !entry.key.startsWith(prefix + i.toString(16))) refuse("misplaced-leaf", entry.key);
    });
    [page, found] = [{ entries }, fold(entries)];
  } else if (form === "records") {
    if (lines.length > MAX_PAGE) refuse("too-much", `a page of ${lines.length} records`);
    const records = lines.map((line) => {
      const [word, rest] = cut(line);
      if (word === "erase") return tombstone(feed, hash32(rest));
      return word === "put" ? parsePut(feed, line) : malformed(`not a line of a page: ${shown(line)}`);
    });
    if (records.some((record, i) => i > 0 && records[i - 1].key >= record.key)) malformed("the records do not ascend");
    if (records.some((record) => !record.key.startsWith(prefix))) refuse("misplaced-leaf", `not below ${prefix}`);
    [page, found] = [{ records }, addUp(records, 4 * prefix.length)];
  } else malformed("a page begins with entries or records");
  if (!entryHash(found).equals(entryHash(wanted)) || (prefix !== "" && !alike(found, wanted))) {
    refuse("state-mismatch", `page ${prefix || "root"} does not add up`);
  }
  return page;
}

// --- what a follower keeps, and what may advance it (6.4) ------------------------------------------------------------
//
// {network, circle, epoch, closes, log, edition: object or null, records: Map of key -> record, visible}

export const nothingHeld = (network, circle) => ({
  network, circle, epoch: 1, closes: NOTHING_CLOSED, log: new Log(), edition: null, checkpoint: null,
  records: new Map(), visible: false,
});

export const position = (feed) => (feed.edition === null ? "0.0" : `${feed.epoch}.${feed.edition.edition}`);

/** Rules 3 and 4: where verification begins, the log of this epoch as it is held. */
function startAt(feed, identity, epoch, checkpoint) {
  if (epoch < feed.epoch) refuse("rolled-back", `offered epoch ${epoch}, epoch ${feed.epoch} is accepted`);
  const start = epoch === feed.epoch ? feed : { log: new Log(), closes: firstCloses(identity, epoch) };
  if (checkpoint.size < start.log.size) {
    refuse("rolled-back", `offered ${checkpoint.size} editions, ${start.log.size} are accepted`);
  }
  if (checkpoint.size === start.log.size && !checkpoint.root.equals(start.log.root)) {
    refuse("split-view", `two logs of size ${checkpoint.size}`);
  }
  if (checkpoint.size > start.log.size && epoch < identity.epoch) {
    const { size, root } = opening(identity, epoch + 1).closes;
    const closed = checkpoint.size === size && checkpoint.root.toString("base64") === root;
    if (!closed) refuse("rolled-back", `epoch ${epoch} is closed`);
  }
  return start;
}

const firstCloses = (identity, epoch) => opening(identity, epoch).closes ?? NOTHING_CLOSED;

/** Rule 5: the accepted leaves and the new ones give the signed root. */
function checkRoot(log, checkpoint) {
  if (log.size !== checkpoint.size) malformed(`${log.size} leaves, the checkpoint says ${checkpoint.size}`);
  if (!log.root.equals(checkpoint.root)) refuse("split-view", "the editions do not lead to the signed root");
}

/** Rule 6, for the edition that is leaf `index`. */
function checkNumber(edition, closes, epoch, index) {
  if (edition.edition !== closes.edition + 1 + index) {
    refuse("refused", `expected edition ${closes.edition + 1 + index}, found ${edition.edition}`);
  }
  const wanted = index === 0 && epoch > 1 ? closes : undefined;
  if (!sameCloses(edition.closes, wanted)) refuse("refused", `edition ${edition.edition}: closes is not as it must be`);
}

/** Rule 7: what is held afterwards adds up to what the newest edition signs. */
function confirmed(after) {
  const records = ascending(after.records.values());
  const erased = records.filter((record) => record.erased).length;
  const root = entryHash(addUp(records)).toString("base64");
  const { edition } = after;
  if (root !== edition.state || records.length - erased !== edition.records || erased !== edition.erased) {
    refuse("state-mismatch", `edition ${edition.edition} signs another state`);
  }
  return { ...after, visible: true };
}

/** What is held after an answer to `changes?since=<position>`. */
export function advance(feed, identity, answer) {
  if (answer.network !== feed.network || answer.circle !== feed.circle || answer.since !== position(feed)) {
    malformed("an answer to another question");
  }
  const { epoch } = answer;
  const checkpoint = openHead(identity, feed.circle, epoch, answer.checkpoint);
  const start = startAt(feed, identity, epoch, checkpoint);
  if (checkpoint.size === start.log.size) {
    if (answer.editions.length + answer.changes.length + answer.leaves.length + answer.inclusion.length > 0) {
      malformed("the log has not grown, but there are changes");
    }
    return { ...feed, checkpoint: answer.checkpoint.whole };
  }
  const editions = answer.editions.map(parseEdition);
  if (editions.length === 0) malformed("the log has grown, but there is no edition");
  const fresh = answer.editions.map(leafHash);
  if (answer.leaves.length + answer.inclusion.length > 0) {
    if (editions.length !== 1) malformed("with leaves, only the newest edition comes");
    checkInclusion(answer.inclusion, checkpoint.size, checkpoint.root, checkpoint.size - 1, fresh[0]);
  }
  const log = start.log.extended([...answer.leaves, ...fresh]);
  checkRoot(log, checkpoint);
  editions.forEach((edition, i) => checkNumber(edition, start.closes, epoch, log.size - editions.length + i));
  const records = new Map(feed.records);
  for (const change of answer.changes) change.drop ? records.delete(change.key) : records.set(change.key, change);
  const [edition, checkpointed] = [editions.at(-1), answer.checkpoint.whole];
  return confirmed({ ...feed, epoch, closes: start.closes, log, edition, checkpoint: checkpointed, records });
}

/** What is left of a feed once a statement has closed its epoch (3.3). */
function closed(feed, identity) {
  if (feed.edition === null || feed.epoch >= identity.epoch) return feed;
  const { size, root } = opening(identity, feed.epoch + 1).closes;
  if (feed.log.size < size) return feed;
  const log = feed.log.upTo(size);
  const same = log.root.toString("base64") === root;
  if (!same) process.stderr.write(`warning: epoch ${feed.epoch} was closed with another history than it signed here\n`);
  return { ...feed, visible: feed.visible && feed.log.size === size && same, log };
}

// --- reading (7.6) ---------------------------------------------------------------------------------------------------

/** GET: {status, body}, never more than `limit` bytes of it. */
function get(url, limit = MAX_ANSWER) {
  return new Promise((resolve, reject) => {
    const client = url.startsWith("https:") ? https : http;
    const request = client.get(url, { headers: { "Accept-Encoding": "gzip" }, timeout: REQUEST_MS }, (response) => {
      const fail = (error) => {
        request.destroy();
        reject(error);
      };
      const coding = response.headers["content-encoding"] ?? "identity";
      const spoken = coding === "gzip" || coding === "identity";
      if (!spoken) return fail(new Refusal("malformed", `coded as ${shown(coding)}`));
      response.on("error", () => fail(new Unreachable(`${url}: the connection broke off`)));
      const stream = coding === "gzip" ? response.pipe(createGunzip()) : response;
      const pieces = [];
      let size = 0;
      stream.on("data", (piece) => {
        size += piece.length;
        pieces.push(piece);
        if (size > limit) fail(new Refusal("too-much", `${url}: more than ${limit} bytes`));
      });
      stream.on("error", () => fail(new Refusal("malformed", `${url}: not valid gzip`)));
      return stream.on("end", () => resolve({ status: response.statusCode, body: Buffer.concat(pieces) }));
    });
    request.on("timeout", () => request.destroy(new Error("no answer in time")));
    request.on("error", (error) => reject(new Unreachable(`${url}: ${error.message}`)));
  });
}

async function found(url, limit) {
  const { status, body } = await get(url, limit);
  if (status !== 200) throw new Unreachable(`${url} answers ${status}`);
  return body;
}

/** One network at one address. */
class Source {
  constructor(url, network, circle) {
    this.base = `${url}/feeds/${network}`;
    this.feed = `${this.base}/${circle}`;
  }

  async identity() {
    return parseIdentity(await found(`${this.base}/identity`));
  }

  /** What is held after asking what changed; null when that cannot be told here. */
  async changes(feed, identity) {
    const { status, body } = await get(`${this.feed}/changes?since=${position(feed)}`);
    if (status === 404 || status === 410) return null;
    if (status === 409) refuse("rolled-back", `the source is behind ${position(feed)}`);
    if (status !== 200) throw new Unreachable(`changes: ${status}`);
    return advance(feed, identity, parseAnswer(body));
  }

  /** What is held after reading the state page by page (7.3); from the checkpoint again when it moves on meanwhile. */
  async pages(feed, identity) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.descend(feed, identity);
      } catch (error) {
        if (!(error instanceof MovedOn) || attempt === ATTEMPTS) throw error;
      }
    }
  }

  async descend(feed, identity) {
    const { epoch } = identity;
    const note = parseNote(await found(`${this.feed}/${epoch}/checkpoint`, MAX_NOTE));
    const checkpoint = openHead(identity, feed.circle, epoch, note);
    if (checkpoint.size === 0) throw new Unreachable("nothing is published yet");
    const start = startAt(feed, identity, epoch, checkpoint);
    let { log } = start;
    for (let at = Math.floor(log.size / TILE) * TILE; at < checkpoint.size; at += TILE) {
      const tile = tilePath(0, at, checkpoint.size);
      const hashes = parseTile(tile, await found(`${this.feed}/${epoch}/${tile.path}`, 32 * TILE));
      log = log.extended(hashes.slice(log.size - at));
    }
    checkRoot(log, checkpoint);
    await this.edition(epoch, log, 0, start.closes);
    const edition = await this.edition(epoch, log, log.size - 1, start.closes);
    const records = new Map();
    for (const record of await this.state(feed, edition)) records.set(record.key, record);
    return confirmed({ ...feed, epoch, closes: start.closes, log, edition, checkpoint: note.whole, records });
  }

  /** The edition that is leaf `index`, from its entry bundle. */
  async edition(epoch, log, index, closes) {
    const tile = tilePath("entries", Math.floor(index / TILE) * TILE, log.size);
    const raw = await found(`${this.feed}/${epoch}/${tile.path}`, TILE * (2 + MAX_EDITION_LINE));
    const line = parseEntries(tile, raw)[index - tile.start];
    if (!leafHash(line).equals(log.leaves[index])) refuse("split-view", "an edition is not its leaf in the log");
    const edition = parseEdition(line);
    checkNumber(edition, closes, epoch, index);
    return edition;
  }

  /** All records that an edition signs; what is held already is not fetched again. */
  async state(feed, edition) {
    const held = ascending(feed.records.values());
    const records = [];
    let budget = 64 + Math.floor((edition.records + edition.erased) / 4);
    const root = base64(edition.state, 32);
    const wanted = [["", root.equals(EMPTY) ? null : nodeEntry(root)]];
    while (wanted.length > 0) {
      const [prefix, entry] = wanted.pop();
      if (entry === null) continue;
      const here = held.filter((record) => record.key.startsWith(prefix));
      if (here.length > 0 && entryHash(addUp(here, 4 * prefix.length)).equals(entry.hash)) records.push(here);
      else if (entry.leaf && entry.commitment === erasedCommitment(feed, entry.key)) {
        records.push([tombstone(feed, entry.key)]);
      } else {
        budget -= 1;
        if (budget < 0) refuse("too-much", "more pages than a state of this size has");
        const name = `${prefix || "root"}-${entry.hash.toString("hex")}`;
        const { status, body } = await get(`${this.feed}/page/${name}`);
        if (status === 404) throw new MovedOn(`there is no page ${name}`);
        if (status !== 200) throw new Unreachable(`page: ${status}`);
        const page = parsePage(feed, body, prefix, entry);
        if (page.records) records.push(page.records);
        else page.entries.forEach((child, i) => wanted.push([prefix + i.toString(16), child]));
      }
    }
    return records.flat();
  }
}

// --- the command line ------------------------------------------------------------------------------------------------

/** What is followed: [{url, identity: the resource as text, feed}], in one file. */
class Store {
  constructor(dir) {
    this.dir = dir;
    this.followed = [];
    try {
      this.followed = JSON.parse(readFileSync(join(dir, "followed.json"), "utf8")).map(Store.read);
    } catch (error) {
      if (error.code !== "ENOENT") throw error;
    }
  }

  static read({ url, identity, feed }) {
    const leaves = Buffer.from(feed.leaves, "base64");
    const log = new Log().extended(parseTile({ width: leaves.length / 32 }, leaves));
    const records = new Map(feed.records.map((record) => [record.key, record]));
    return { url, identity, feed: { ...feed, log, records } };
  }

  save() {
    const written = this.followed.map(({ url, identity, feed: { log, records, ...rest } }) => ({
      url,
      identity,
      feed: { ...rest, leaves: Buffer.concat(log.leaves).toString("base64"), records: ascending(records.values()) },
    }));
    mkdirSync(this.dir, { recursive: true });
    writeFileSync(join(this.dir, "followed.new"), JSON.stringify(written));
    renameSync(join(this.dir, "followed.new"), join(this.dir, "followed.json"));
  }
}

async function follow(store, address, fingerprint) {
  const url = address.replace(/\/+$/, "");
  const expected = fingerprint.replace(/[ -]/g, "").toLowerCase();
  let hints;
  try {
    hints = JSON.parse(await found(`${url}/.well-known/fednet`));
  } catch (error) {
    throw error instanceof SyntaxError ? new Unreachable("no fednet node there") : error;
  }
  if (!Array.isArray(hints?.protocols) || !hints.protocols.includes(1)) {
    refuse("unknown-version", `the peer speaks ${shown(hints?.protocols)}, spoken here is 1`);
  }
  if (hints.network !== expected) refuse("bad-identity", `expected ${expected}, found ${shown(hints.network)}`);
  const identity = await new Source(url, expected, "public").identity();
  if (identity.network !== expected) refuse("bad-identity", `expected ${expected}, found ${identity.network}`);
  const known = store.followed.find((one) => one.feed.network === expected);
  const kept = known ? newer(parseIdentity(Buffer.from(known.identity)), identity) : identity;
  const followed = { url, identity: kept.raw.toString(), feed: known?.feed ?? nothingHeld(expected, "public") };
  store.followed = [...store.followed.filter((one) => one !== known), followed];
  store.save();
}

/** All networks, one after the other: a bad one costs only itself, and its refusal is told in the end. */
async function sync(store) {
  const failures = [];
  for (const followed of store.followed) await syncOne(store, followed).catch((error) => failures.push(error));
  const worst = failures.find((error) => !(error instanceof Unreachable)) ?? failures[0];
  if (worst) throw worst;
}

async function syncOne(store, followed) {
  const source = new Source(followed.url, followed.feed.network, followed.feed.circle);
  const identity = newer(parseIdentity(Buffer.from(followed.identity)), await source.identity());
  const feed = closed(followed.feed, identity);
  Object.assign(followed, { identity: identity.raw.toString(), feed });
  store.save(); // who is who counts, whatever becomes of the feed
  followed.feed = (feed.visible && (await source.changes(feed, identity))) || (await source.pages(feed, identity));
  store.save();
}

function dump(store) {
  const lines = [];
  for (const { feed } of store.followed.filter((one) => one.feed.visible)) {
    const { network, circle, epoch, edition } = feed;
    lines.push({ network, circle, epoch, edition: edition.edition });
    for (const { key, commitment, handle, body, erased } of ascending(feed.records.values())) {
      lines.push({ network, circle, key, commitment, handle, body, erased });
    }
  }
  process.stdout.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}

async function main([flag, dir, verb, ...rest]) {
  if (flag !== "--dir" || !dir) throw new Error("follower.mjs --dir DIR follow URL --fingerprint ID | sync | dump");
  const store = new Store(dir);
  if (verb === "follow" && rest[1] === "--fingerprint") return follow(store, rest[0], rest[2]);
  if (verb === "sync") return sync(store);
  if (verb === "dump") return dump(store);
  throw new Error(`no such verb: ${verb}`);
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  main(process.argv.slice(2)).catch((error) => {
    const [code, word] =
      error instanceof Refusal ? [3, error.word] : error instanceof Unreachable ? [1, "unreachable"] : [2, "usage"];
    process.stderr.write(`${word}: ${error.message}\n`);
    process.exitCode = code;
  });
}
