// Reads protocol/vectors with follower.mjs, and says which it decides otherwise than their folder:
//
//     node vectors.mjs [folder of vectors]
//
// Kinds that a follower of public feeds has no use for (policies, offline proofs, bundles, ...) are counted, not read.

import { readFileSync, readdirSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import * as f from "./follower.mjs";

const malformed = (detail) => {
  throw new f.Refusal("malformed", detail);
};

/** A verifier key as it is told to others (2.1). */
function verifierKey(text) {
  const [name, id, encoded, ...rest] = text.split("+");
  const material = f.base64(rest.length === 0 ? encoded : [encoded, ...rest].join("+"));
  if (material.length !== 33) malformed("not a key");
  const found = f.verifier(name, material.subarray(1), material[0]);
  return found.id === id ? found : malformed("the key has another id");
}

const entryText = (entry) =>
  entry === null ? "-" : entry.leaf ? `leaf ${entry.key} ${entry.commitment}` : `node ${entry.hash.toString("hex")}`;
const withoutCount = (line) => line.replace(/^(node \S+) .*$/, "$1");
const note = (text) => f.parseNote(Buffer.from(text));
const note64 = (bytes) => bytes.toString("base64");

/** What a follower holds in a `changes` vector. */
function held(v, identity) {
  const feed = f.nothingHeld(identity.network, v.circle);
  const { size, hashes } = v.held.frontier;
  const log = new f.Log(size, hashes.map((one) => f.base64(one, 32)));
  const records = v.held.leaves.map(([key, commitment]) => {
    const erased = commitment === f.erasedCommitment(feed, key);
    return [key, { key, commitment, ...(erased ? { erased } : {}) }];
  });
  const edition = v.held.edition === null ? null : f.parseEdition(v.held.edition);
  const { closes } = identity.statements.find((one) => one.epoch === v.held.epoch);
  const began = closes ?? feed.closes;
  return { ...feed, epoch: v.held.epoch, closes: began, log, edition, records: new Map(records), visible: true };
}

const KINDS = {
  note: (v) => {
    const keys = v.keys.map(verifierKey);
    const vouching = f.openNote(note(v.note), keys);
    return { vouching: v.keys.filter((_, i) => vouching.has(keys[i])) };
  },
  checkpoint: (v) => {
    const { origin, size, root } = f.openCheckpoint(note(v.note), verifierKey(v.log), v.witnesses.map(verifierKey));
    return { origin, size, root: note64(root) };
  },
  inclusion: (v) => {
    const proof = v.proof.map((one) => f.base64(one, 32));
    f.checkInclusion(proof, v.size, f.base64(v.root, 32), v.index, f.base64(v.leaf, 32));
    return {};
  },
  tree: (v) => {
    const records = v.leaves.map(([key, commitment]) => ({ key, commitment }));
    const entry = f.addUp(f.ascending(records));
    return { entry: entryText(entry), state: note64(f.entryHash(entry)) };
  },
  commitment: (v) => {
    const { key, commitment } = f.parsePut(v, `put ${v.handle} ${v.salt} ${v.body}`);
    return { key, commitment, erased: f.erasedCommitment(v, key) };
  },
  edition: (v) => f.parseEdition(v.line),
  identity: (v) => {
    const served = f.parseIdentity(Buffer.from(v.identity));
    if (v.network !== undefined) f.newer({ network: v.network, notes: [] }, served); // is it the pinned one?
    const kept = v.held === undefined ? served : f.newer(f.parseIdentity(Buffer.from(v.held)), served);
    const { network, epoch, statements } = kept;
    return { network, epoch, statements: statements.length, name: statements.at(-1).name };
  },
  page: (v) => {
    const page = f.parsePage(v, Buffer.from(v.page), v.prefix, f.parseEntry(v.wanted));
    if (page.records) return { form: "records", keys: page.records.map(({ key }) => key) };
    return { form: "entries", entries: page.entries.map(entryText) };
  },
  changes: (v) => {
    const identity = f.parseIdentity(Buffer.from(v.identity));
    const after = f.advance(held(v, identity), identity, f.parseAnswer(Buffer.from(v.answer)));
    const records = f.ascending(after.records.values());
    const erased = records.filter((record) => record.erased).length;
    return {
      epoch: after.epoch,
      edition: after.edition?.edition ?? 0,
      size: after.log.size,
      log_root: note64(after.log.root),
      state: note64(f.entryHash(f.addUp(records))),
      records: records.length - erased,
      erased,
    };
  },
};

/** Expectations without the counts beside nodes, which are hints. */
const comparable = (expected) => ({
  ...expected,
  ...(expected.entry === undefined ? {} : { entry: withoutCount(expected.entry) }),
  ...(expected.entries === undefined ? {} : { entries: expected.entries.map(withoutCount) }),
});

function verdict(folder, v) {
  try {
    const found = KINDS[v.kind](v);
    if (folder !== "valid") return `expected ${folder}, found no fault`;
    return isDeepStrictEqual(found, comparable(v.expected)) ? "" : `found ${JSON.stringify(found)}`;
  } catch (error) {
    if (!(error instanceof f.Refusal)) return `${error.stack}`;
    return error.word === folder ? "" : `expected ${folder}, found ${error.word}: ${error.message}`;
  }
}

const vectors = process.argv[2] ?? fileURLToPath(new URL("../../vectors", import.meta.url));
const count = { ok: 0, failed: 0, "of other kinds": 0 };
for (const folder of readdirSync(vectors, { withFileTypes: true }).filter((one) => one.isDirectory())) {
  for (const name of readdirSync(join(vectors, folder.name))) {
    const v = JSON.parse(readFileSync(join(vectors, folder.name, name), "utf8"));
    const wrong = v.kind in KINDS ? verdict(folder.name, v) : null;
    count[wrong === null ? "of other kinds" : wrong ? "failed" : "ok"] += 1;
    if (wrong) process.stdout.write(`FAIL  ${folder.name}/${name}: ${wrong}\n`);
  }
}
process.stdout.write(`${Object.entries(count).map(([what, n]) => `${n} ${what}`).join(", ")}\n`);
process.exitCode = count.failed === 0 ? 0 : 1;
