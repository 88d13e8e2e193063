"""The tables, as a list of migrations. A migration that has landed is never edited; a change is a new one.

Own and followed networks share every table: a **feed** is one network's circle, and its records, tree pages and log
leaves hang on it. Only `draft`, `prepared`, `import` and `imported` speak of this node's own editing.
"""

from __future__ import annotations

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

migrations = Migrations("fednet")

FIRST = """
CREATE TABLE network (
  id INTEGER PRIMARY KEY,
  network TEXT NOT NULL UNIQUE,            -- network id
  name TEXT NOT NULL,
  own INTEGER NOT NULL DEFAULT 0,
  identity BLOB NOT NULL,                  -- the verified chain, as the `identity` resource
  partner INTEGER NOT NULL DEFAULT 0,      -- we count it as a partner
  blocked INTEGER NOT NULL DEFAULT 0,
  pinned_at TEXT NOT NULL
);
CREATE TABLE source (                      -- where a network's feed can be read; the origin comes first
  network_id INTEGER NOT NULL REFERENCES network ON DELETE CASCADE,
  url TEXT NOT NULL,
  rank INTEGER NOT NULL,
  PRIMARY KEY (network_id, url)
) WITHOUT ROWID;
CREATE TABLE introduction (                -- networks that peers speak of in /.well-known/fednet: only offered
  network TEXT NOT NULL,
  by_network_id INTEGER NOT NULL REFERENCES network ON DELETE CASCADE,
  name TEXT NOT NULL,
  urls TEXT NOT NULL,                      -- JSON list
  PRIMARY KEY (network, by_network_id)
) WITHOUT ROWID;
CREATE TABLE feed (
  id INTEGER PRIMARY KEY,
  network_id INTEGER NOT NULL REFERENCES network ON DELETE CASCADE,
  circle TEXT NOT NULL,
  visible INTEGER NOT NULL DEFAULT 0,      -- 0 while a first sync is under way
  epoch INTEGER NOT NULL,
  size INTEGER NOT NULL DEFAULT 0,         -- of the log
  frontier BLOB NOT NULL DEFAULT x'',      -- its hashes, 32 bytes each
  edition BLOB,                            -- the newest accepted edition line
  checkpoint BLOB,                         -- the note that signs it
  closes BLOB,                             -- JSON, where the epoch begins (later epochs only)
  records INTEGER NOT NULL DEFAULT 0,      -- as counted here, not as announced
  erased INTEGER NOT NULL DEFAULT 0,
  floor INTEGER NOT NULL DEFAULT 0,        -- changes since an edition below this one cannot be told
  verified_at TEXT,
  source TEXT,                             -- the URL that it was last read from
  tried_at TEXT,
  error TEXT,                              -- the last failure, empty after a success
  UNIQUE (network_id, circle)
);
CREATE TABLE leaf (                        -- the log: every leaf hash, and the edition line where it is known
  feed_id INTEGER NOT NULL REFERENCES feed ON DELETE CASCADE,
  epoch INTEGER NOT NULL,
  position INTEGER NOT NULL,
  hash BLOB NOT NULL,
  line BLOB,
  PRIMARY KEY (feed_id, epoch, position)
) WITHOUT ROWID;
CREATE TABLE page (                        -- the state tree (fednet.feed.tree)
  feed_id INTEGER NOT NULL REFERENCES feed ON DELETE CASCADE,
  prefix TEXT NOT NULL,
  page BLOB NOT NULL,
  PRIMARY KEY (feed_id, prefix)
) WITHOUT ROWID;
CREATE TABLE record (                      -- bodies once, exact bytes; a tombstone has no handle
  id INTEGER PRIMARY KEY,
  feed_id INTEGER NOT NULL REFERENCES feed ON DELETE CASCADE,
  key BLOB NOT NULL,
  handle TEXT,
  salt BLOB,
  body BLOB,
  edition INTEGER NOT NULL                 -- at which this node accepted it
);
CREATE UNIQUE INDEX record_key ON record (feed_id, key);
CREATE INDEX record_edition ON record (feed_id, edition);
CREATE TABLE dropped (                     -- what left the feed, for those who ask what changed
  feed_id INTEGER NOT NULL REFERENCES feed ON DELETE CASCADE,
  key BLOB NOT NULL,
  edition INTEGER NOT NULL,
  PRIMARY KEY (feed_id, key)
) WITHOUT ROWID;
CREATE TABLE staged (                      -- verified pages of a repair, until all are there
  feed_id INTEGER NOT NULL REFERENCES feed ON DELETE CASCADE,
  name TEXT NOT NULL,
  page BLOB NOT NULL,
  PRIMARY KEY (feed_id, name)
);
CREATE TABLE facet (                       -- one narrow row a shown record
  record_id INTEGER PRIMARY KEY,
  feed_id INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  countries TEXT NOT NULL,                 -- two letters each, nothing between
  services INTEGER NOT NULL,               -- bit masks of fednet.listing.vocabulary
  client_groups INTEGER NOT NULL,
  languages TEXT NOT NULL,                 -- tags separated by spaces
  starts INTEGER,                          -- events: minutes since 1970 UTC
  ends INTEGER
);
CREATE INDEX facet_event ON facet (starts) WHERE kind = 5;
CREATE INDEX facet_kind ON facet (kind, feed_id);
CREATE VIRTUAL TABLE search USING fts5 (
  names, text, facets,
  content = '', tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
);
INSERT INTO search (search, rank) VALUES ('automerge', 16);
INSERT INTO search (search, rank) VALUES ('hashsize', 67108864);
INSERT INTO search (search, rank) VALUES ('rank', 'bm25(10.0, 1.0, 0.0)');
CREATE TABLE draft (                       -- own edits that no edition has signed yet, the latest a handle
  handle TEXT PRIMARY KEY,
  circle TEXT NOT NULL,
  action TEXT NOT NULL,                    -- put, drop or erase
  body BLOB,
  at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX draft_circle ON draft (circle, handle);
CREATE TABLE prepared (                    -- an edition about to be signed: durable before the signature
  feed_id INTEGER PRIMARY KEY REFERENCES feed ON DELETE CASCADE,
  line BLOB NOT NULL,
  changes BLOB NOT NULL                    -- put, drop and erase lines
);
CREATE TABLE import (
  id INTEGER PRIMARY KEY,
  at TEXT NOT NULL,
  name TEXT NOT NULL,
  summary TEXT NOT NULL,                   -- JSON
  undone_at TEXT
);
CREATE TABLE import_row (                  -- what an import did, so that it can be taken back
  import_id INTEGER NOT NULL REFERENCES import ON DELETE CASCADE,
  handle TEXT NOT NULL,
  circle TEXT NOT NULL,
  before BLOB,                             -- NULL: the import added it
  after BLOB NOT NULL,
  PRIMARY KEY (import_id, handle)
) WITHOUT ROWID;
CREATE TABLE imported (                    -- which record a row of a source became
  source TEXT PRIMARY KEY,
  handle TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX imported_handle ON imported (handle);
CREATE TABLE setting (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;
"""


TRUST = """
ALTER TABLE network ADD COLUMN frozen TEXT;     -- the kind of the evidence that stops us from advancing it
ALTER TABLE network ADD COLUMN policy BLOB;     -- whose cosignatures make a quorum: a C2SP tlog-policy file
ALTER TABLE feed ADD COLUMN witnessed INTEGER;  -- the newest size whose cosignatures satisfy the policy
ALTER TABLE feed ADD COLUMN decided BLOB;       -- the checkpoint of the side that a person accepted of a split view
ALTER TABLE feed ADD COLUMN receipted TEXT;     -- the position that we last sent a receipt for
CREATE TABLE circle (                           -- own named circles; public and partners are always there
  name TEXT PRIMARY KEY,
  made_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE member (                           -- who may read a named circle
  circle TEXT NOT NULL REFERENCES circle ON DELETE CASCADE,
  network_id INTEGER NOT NULL REFERENCES network ON DELETE CASCADE,
  PRIMARY KEY (circle, network_id)
) WITHOUT ROWID;
CREATE TABLE evidence (                         -- proofs of misbehaviour; kept also when the network is let go of
  id INTEGER PRIMARY KEY,
  network TEXT NOT NULL,
  kind TEXT NOT NULL,
  place TEXT NOT NULL,                          -- its first line: kind, network, and circle and epoch, or sequence
  digest TEXT NOT NULL UNIQUE,                  -- hex SHA-256 of the file
  file BLOB NOT NULL,
  found_at TEXT NOT NULL,
  resolved_at TEXT,
  verdict TEXT                                  -- what a person decided
);
CREATE INDEX evidence_place ON evidence (network, place, resolved_at);
CREATE TABLE witness (                          -- whom we ask to cosign our public log
  url TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  key TEXT NOT NULL,                            -- its verifier key
  network TEXT,                                 -- network id, when it is a fednet node
  added_at TEXT NOT NULL,
  asked_at TEXT,
  error TEXT                                    -- the last failure, empty after a success
) WITHOUT ROWID;
CREATE TABLE receipt (                          -- who has told us that they hold an edition of ours
  network_id INTEGER NOT NULL REFERENCES network ON DELETE CASCADE,
  circle TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  edition INTEGER NOT NULL,
  at TEXT NOT NULL,
  PRIMARY KEY (network_id, circle)
) WITHOUT ROWID;
CREATE TABLE blocked (                          -- network ids that nobody may bring here, pinned or not
  network TEXT PRIMARY KEY,
  at TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO blocked SELECT network, pinned_at FROM network WHERE blocked;
ALTER TABLE network DROP COLUMN blocked;
CREATE VIRTUAL TABLE closed USING fts5 (        -- as `search`, of restricted feeds
  names, text, facets,
  content = '', tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
);
INSERT INTO closed (closed, rank) VALUES ('automerge', 16);
INSERT INTO closed (closed, rank) VALUES ('rank', 'bm25(10.0, 1.0, 0.0)');
"""

DIRECTORY = """
DROP TABLE facet;
CREATE TABLE facet (                            -- one narrow row a shown record
  record_id INTEGER PRIMARY KEY,
  feed_id INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  countries TEXT NOT NULL,                      -- two letters each, nothing between
  services INTEGER NOT NULL,                    -- bit masks of fednet.listing.vocabulary
  client_groups INTEGER NOT NULL,
  languages TEXT NOT NULL,                      -- tags separated by spaces
  starts INTEGER,                               -- events: minutes since 1970 UTC
  ends INTEGER,
  seat TEXT NOT NULL,                           -- country of the seat, or nothing
  type TEXT NOT NULL,                           -- of an organisation: its code, or nothing
  confirmed INTEGER,                            -- days since 1970
  latitude_e6 INTEGER,
  longitude_e6 INTEGER,
  refugee_led INTEGER NOT NULL,
  name_words INTEGER NOT NULL,                  -- of the title, at most 255
  title INTEGER NOT NULL,                       -- where it stands in the alphabet: its first 12 letters, base 38
  title_more INTEGER NOT NULL,                  -- and the next 6
  complete INTEGER NOT NULL                     -- an organisation's entry: 2 wholly, 1 but for a website, 0 not
);
CREATE INDEX facet_event ON facet (starts) WHERE kind = 5;
CREATE INDEX facet_kind ON facet (kind, feed_id, complete, confirmed);
CREATE TABLE reindexed (                        -- what was put into the index and taken out, the newest 20,000
  stamp INTEGER PRIMARY KEY,
  first INTEGER NOT NULL,                       -- record ids, both included
  last INTEGER NOT NULL,
  taken INTEGER NOT NULL,                       -- 0: put in, 1: taken out
  highest INTEGER NOT NULL,                     -- record id that was ever given: none is used twice
  mark BLOB NOT NULL                            -- 8 random bytes: two databases never agree by chance
);
CREATE TABLE signal (                           -- what may tell that records are about one thing: 63 bits of SHA-256
  word INTEGER NOT NULL,
  feed_id INTEGER NOT NULL,
  record_id INTEGER NOT NULL,
  PRIMARY KEY (word, feed_id, record_id)
) WITHOUT ROWID;
CREATE TABLE matched (                          -- the records that have been matched, and their words, eight bytes each
  record_id INTEGER PRIMARY KEY,
  words BLOB NOT NULL
);
CREATE TABLE rematch (                          -- whom to match again: a contact or an opinion about them has gone
  key BLOB PRIMARY KEY                          -- SHA-256 of the handle
) WITHOUT ROWID;
CREATE TABLE crowded (                          -- words that too many records of a feed bear to tell anything
  word INTEGER NOT NULL,
  feed_id INTEGER NOT NULL,
  thinned INTEGER NOT NULL DEFAULT 0,           -- some have gone since
  PRIMARY KEY (word, feed_id)
) WITHOUT ROWID;
CREATE INDEX crowded_thinned ON crowded (word) WHERE thinned;
CREATE TABLE pair (                             -- two records that may be about one thing, and why
  one INTEGER NOT NULL,                         -- the smaller record id
  other INTEGER NOT NULL,
  one_feed INTEGER NOT NULL,                    -- the feeds that tell it: of the records, their contacts, an opinion
  other_feed INTEGER NOT NULL,
  reasons INTEGER NOT NULL,                     -- bits of fednet.listing.likeness
  joins INTEGER NOT NULL,                       -- 1: whoever may read everything sees one thing, or somebody said so
  tie INTEGER NOT NULL,                         -- the order among equals, the same on every node
  PRIMARY KEY (one, other, one_feed, other_feed)
) WITHOUT ROWID;
CREATE INDEX pair_other ON pair (other);
CREATE INDEX pair_joins ON pair (one) WHERE joins;
CREATE TABLE reference (                        -- which records name a handle: a contact its organisation
  key BLOB NOT NULL,                            -- SHA-256 of the handle
  record_id INTEGER NOT NULL,
  PRIMARY KEY (key, record_id)
) WITHOUT ROWID;
CREATE INDEX reference_record ON reference (record_id);
CREATE TABLE mapping (                          -- what a person said the rows and columns of a source mean
  source TEXT PRIMARY KEY,
  said TEXT NOT NULL,                           -- JSON: kind, and column -> field
  at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE named (                            -- which own records each source of imports names
  source TEXT NOT NULL,
  handle TEXT NOT NULL,
  still INTEGER NOT NULL,                       -- 0: its newest version does not any more
  said TEXT,                                    -- JSON: hash of what it said, by field; NULL: not known any more
  PRIMARY KEY (source, handle)
) WITHOUT ROWID;
CREATE INDEX named_handle ON named (handle);
CREATE TABLE withdrawn (                        -- own events that were: none of their UIDs begins anew
  key BLOB PRIMARY KEY,                         -- hash of the UID
  handle TEXT NOT NULL,
  sequence INTEGER NOT NULL                     -- the highest that was signed
) WITHOUT ROWID;
ALTER TABLE import ADD COLUMN sources TEXT;     -- JSON: the sources of its files
ALTER TABLE import_row RENAME TO import_row_1;
CREATE TABLE import_row (                       -- what an import did, so that it can be taken back
  import_id INTEGER NOT NULL REFERENCES import ON DELETE CASCADE,
  handle TEXT NOT NULL,
  circle TEXT NOT NULL,
  before BLOB,                                  -- NULL: the import added it
  after BLOB,                                   -- NULL: the import withdrew it; both: it left it as it was
  PRIMARY KEY (import_id, handle)
) WITHOUT ROWID;
INSERT INTO import_row SELECT * FROM import_row_1;
DROP TABLE import_row_1;
CREATE INDEX import_row_handle ON import_row (handle);
"""


DESK = """
CREATE TABLE account (                          -- people who sign in
  id INTEGER PRIMARY KEY AUTOINCREMENT,         -- nobody gets the number of somebody who was deleted
  name TEXT NOT NULL,
  email TEXT NOT NULL UNIQUE COLLATE NOCASE,
  role TEXT NOT NULL,                           -- administrator, editor, auditor, organization or individual
  organization TEXT,                            -- handle: of whose organisation; of the two last roles
  person TEXT,                                  -- handle of an individual's own entry
  password TEXT,                                -- argon2id in PHC form; NULL: signs in by links alone
  totp BLOB,                                    -- secret of RFC 6238
  totp_step INTEGER NOT NULL DEFAULT 0,         -- the latest whose code was used
  language TEXT,                                -- of its pages and mails
  made_at TEXT NOT NULL,
  arrived_at TEXT,                              -- signed in for the first time
  ended_at TEXT                                 -- left, or was sent away
);
CREATE INDEX account_organization ON account (organization);
CREATE INDEX account_person ON account (person);
CREATE TABLE passkey (                          -- WebAuthn credentials
  id BLOB PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,
  public_key BLOB NOT NULL,
  sign_count INTEGER NOT NULL,
  name TEXT NOT NULL,
  made_at TEXT NOT NULL,
  used_at TEXT
) WITHOUT ROWID;
CREATE INDEX passkey_account ON passkey (account_id);
CREATE TABLE session (                          -- who is signed in
  digest BLOB PRIMARY KEY,                      -- SHA-256 of what the cookie holds
  account_id INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,
  made_at TEXT NOT NULL,
  seen_at TEXT NOT NULL,
  whole INTEGER NOT NULL DEFAULT 0              -- 0: the second factor is still to come
) WITHOUT ROWID;
CREATE INDEX session_account ON session (account_id);
CREATE TABLE link (                             -- secret links that were given to somebody
  digest BLOB PRIMARY KEY,                      -- SHA-256 of what the link holds
  purpose TEXT NOT NULL,                        -- first, welcome, sign-in, confirm, apply or endorse
  account_id INTEGER REFERENCES account ON DELETE CASCADE,
  subject TEXT NOT NULL DEFAULT '',             -- a handle, or the number of an application
  made_at TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  used_at TEXT
) WITHOUT ROWID;
CREATE INDEX link_subject ON link (purpose, subject);
CREATE INDEX link_account ON link (account_id);
CREATE TABLE act (                              -- who did what: names and handles, never what a record says
  id INTEGER PRIMARY KEY,
  at TEXT NOT NULL,
  account_id INTEGER,                           -- NULL: nobody who had signed in, or the command line
  name TEXT NOT NULL,                           -- what the account was called then
  role TEXT NOT NULL,
  act TEXT NOT NULL,
  subject TEXT NOT NULL DEFAULT '',
  outcome TEXT NOT NULL DEFAULT ''              -- done, or the word of a refusal; empty while it is under way
);
CREATE INDEX act_subject ON act (subject);
CREATE TABLE application (                      -- who asks to join this network
  id INTEGER PRIMARY KEY,
  state TEXT NOT NULL,                          -- waits, asked, approved, declined or withdrawn
  fields BLOB NOT NULL,                         -- JSON, as filled in
  email TEXT NOT NULL,
  language TEXT NOT NULL,
  at TEXT NOT NULL,
  messages BLOB NOT NULL,                       -- JSON: what was asked and answered
  decided_at TEXT,
  reason TEXT,
  handle TEXT                                   -- the record that it became
);
CREATE INDEX application_state ON application (state);
CREATE INDEX application_handle ON application (handle);
CREATE TABLE endorsement (                      -- members who speak for an applicant
  application_id INTEGER NOT NULL REFERENCES application ON DELETE CASCADE,
  organization TEXT NOT NULL,                   -- handle
  asked_at TEXT,                                -- NULL: the secretariat has not asked it yet
  verdict TEXT,                                 -- endorsed or declined; NULL: not said yet
  said_at TEXT,
  said_by TEXT,
  PRIMARY KEY (application_id, organization)
) WITHOUT ROWID;
CREATE TABLE proposal (                         -- edits of members that wait for approval
  id INTEGER PRIMARY KEY,
  proposer TEXT NOT NULL,                       -- handle of the organisation or person that it comes from
  handle TEXT,                                  -- NULL: a new record
  kind TEXT NOT NULL,
  circle TEXT NOT NULL,
  before BLOB,                                  -- the body that it was made from
  body BLOB,
  account_id INTEGER REFERENCES account ON DELETE SET NULL,
  at TEXT NOT NULL,
  state TEXT NOT NULL,                          -- waits, approved, declined or withdrawn
  reason TEXT,
  decided_at TEXT
);
CREATE INDEX proposal_handle ON proposal (handle);
CREATE INDEX proposal_proposer ON proposal (proposer);
CREATE INDEX proposal_state ON proposal (state);
CREATE TABLE outgoing (                         -- letters that wait to be sent; gone when they are
  id INTEGER PRIMARY KEY,
  recipient TEXT NOT NULL,
  subject TEXT NOT NULL,
  text TEXT NOT NULL,
  at TEXT NOT NULL,
  about TEXT NOT NULL DEFAULT '',               -- a handle, or "application" and its number: goes when that goes
  until TEXT,                                   -- worth nothing afterwards, as a link to sign in
  tries INTEGER NOT NULL DEFAULT 0,
  due_at TEXT NOT NULL,                         -- when to try next
  error TEXT,                                   -- why the last try failed: a word of node/post, and a code
  stopped INTEGER NOT NULL DEFAULT 0            -- nobody tries any more
);
CREATE INDEX outgoing_about ON outgoing (about);
CREATE TABLE reminded (                         -- what somebody was reminded of, or invited to, and when
  about TEXT NOT NULL,                          -- confirmation, term, week, invited, ...
  subject TEXT NOT NULL,                        -- a handle (of an invitation, and an address), or a day
  at TEXT NOT NULL,
  PRIMARY KEY (about, subject)
) WITHOUT ROWID;
CREATE TABLE hidden (                           -- own records taken out of every circle in an emergency, to be put back
  handle TEXT NOT NULL,
  why TEXT NOT NULL,                            -- a handle or a country: what was hidden in that act
  circle TEXT NOT NULL,
  body BLOB NOT NULL,
  after BLOB,                                   -- of a record that stays: what is left of it; NULL: it was taken out
  at TEXT NOT NULL,
  PRIMARY KEY (handle, why)
) WITHOUT ROWID;
CREATE UNIQUE INDEX hidden_once ON hidden (handle) WHERE after IS NULL;
"""


EXCHANGE = """
CREATE TABLE exchange (                         -- needs, offers and sources of funding, as they are compared
  record_id INTEGER PRIMARY KEY,
  feed_id INTEGER NOT NULL,
  compared BLOB NOT NULL,                       -- terms, days, places: as fednet.store.exchanges packs them
  languages TEXT NOT NULL,                      -- tags separated by spaces
  words BLOB NOT NULL                           -- of titles and description: four bytes of a hash each
);
CREATE TABLE dismissed (                        -- a need and an offer that a person said do not fit
  need TEXT NOT NULL,                           -- handles
  offer TEXT NOT NULL,
  at TEXT NOT NULL,
  PRIMARY KEY (need, offer)
) WITHOUT ROWID;
"""

INTRODUCTION = """
ALTER TABLE introduction RENAME TO mention;
CREATE TABLE introduction (                     -- two sides who may be put in touch about a need or an offer
  id TEXT PRIMARY KEY,                          -- a UUID by whoever asks
  network TEXT NOT NULL,                        -- of the other side; this node's own for two of its members
  name TEXT NOT NULL,                           -- what that was called; empty: about nothing that is listed here
  role TEXT NOT NULL,                           -- of this node: asker, asked, or both
  asking TEXT NOT NULL,                         -- handle of the entry for which it is asked, or empty
  about TEXT NOT NULL,                          -- handle of the entry that is asked about
  state TEXT NOT NULL,
  body BLOB NOT NULL,                           -- JSON: both sides, and who did what here
  undelivered TEXT,                             -- since when the other has not confirmed what this side says
  asked_at TEXT NOT NULL,
  changed_at TEXT NOT NULL,
  answered_at TEXT,
  answer TEXT,                                  -- accepted or declined
  introduced_at TEXT,
  ended_at TEXT,
  outcome TEXT,
  outcome_at TEXT,
  emptied_at TEXT                               -- texts and details were destroyed
) WITHOUT ROWID;
CREATE INDEX introduction_network ON introduction (network);
CREATE INDEX introduction_asking ON introduction (asking);
CREATE INDEX introduction_about ON introduction (about);
CREATE INDEX introduction_undelivered ON introduction (undelivered) WHERE undelivered NOT NULL;
CREATE TABLE delivery (                         -- how telling a network of introductions went last
  network_id INTEGER PRIMARY KEY REFERENCES network ON DELETE CASCADE,
  tried_at TEXT NOT NULL,
  due_at TEXT NOT NULL,                         -- not before
  tries INTEGER NOT NULL,                       -- that failed, since the last that did not
  error TEXT                                    -- a word of node/messages
);
"""


@migrations()
def m001_first(db: Database) -> None:
    _run(db, FIRST)


@migrations()
def m002_trust(db: Database) -> None:
    """Trust between networks; what restricted feeds list gets a text index of its own, which m003 fills."""
    _run(db, TRUST)


@migrations()
def m003_directory(db: Database) -> None:
    """One card for an organisation that several networks list; imports that know their sources; the index anew."""
    _run(db, DIRECTORY)
    _reindex(db)


@migrations()
def m004_desk(db: Database) -> None:
    """Accounts, what they did, who asks to join, edits that wait for approval, letters, and hidden records."""
    _run(db, DESK)


@migrations()
def m005_exchange(db: Database) -> None:
    """Needs and offers that are compared, and introductions about them."""
    _run(db, EXCHANGE)
    _run(db, INTRODUCTION)
    _reindex(db)


def _reindex(db: Database) -> None:
    if db.execute("SELECT 1 FROM record WHERE body NOT NULL LIMIT 1").fetchone():
        from fednet.store import index  # with all vocabularies, which most commands do without

        index.rebuild(db)


def _run(db: Database, script: str) -> None:
    for statement in statements(script):
        db.execute(statement)


def statements(script: str) -> list[str]:
    """The statements of a script whose every statement ends at a line's end, comments cut off."""
    lines = (line.split("--")[0].rstrip() for line in script.splitlines())
    return [part.strip() for part in "\n".join(lines).split(";\n") if part.strip()]
