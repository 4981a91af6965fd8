-- Schema 1. Money is whole minor units; times are milliseconds since 1970-01-01 UTC.
-- The tenant stands first in every key, so equal ids of two tenants never meet.

-- What a command said and which events it made. A command that made none leaves no row.
CREATE TABLE commands (
    tenant      TEXT    NOT NULL,
    order_id    TEXT    NOT NULL,
    command_id  TEXT    NOT NULL,
    fingerprint TEXT    NOT NULL,
    actor       TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    first_seq   INTEGER NOT NULL,
    last_seq    INTEGER NOT NULL,
    PRIMARY KEY (tenant, order_id, command_id)
) STRICT, WITHOUT ROWID;

-- What happened, append-only. `position` is the order in which all tenants' events were committed and
-- what consumers remember; `hash` chains the events of one order.
CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    tenant   TEXT    NOT NULL,
    order_id TEXT    NOT NULL,
    seq      INTEGER NOT NULL,
    type     TEXT    NOT NULL,
    data     TEXT    NOT NULL,
    hash     BLOB    NOT NULL,
    UNIQUE (tenant, order_id, seq)
) STRICT;

-- Where each order stands: a fold of its events, kept for queries and for the head of the chain.
CREATE TABLE orders (
    tenant    TEXT    NOT NULL,
    order_id  TEXT    NOT NULL,
    version   INTEGER NOT NULL,
    life      TEXT    NOT NULL,
    placed_at INTEGER,
    currency  TEXT,
    total     INTEGER NOT NULL,
    captured  INTEGER NOT NULL,
    refunded  INTEGER NOT NULL,
    due       INTEGER,
    head      BLOB    NOT NULL,
    PRIMARY KEY (tenant, order_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX orders_due ON orders (tenant, due) WHERE due IS NOT NULL;

-- Who is on record. `place` counts the members and edges of a tenant, in the order they were recorded.
CREATE TABLE members (
    tenant    TEXT    NOT NULL,
    member    TEXT    NOT NULL,
    joined_at INTEGER NOT NULL,
    place     INTEGER NOT NULL,
    PRIMARY KEY (tenant, member)
) STRICT, WITHOUT ROWID;

-- Who invited whom, from when on; no inviter means nobody from then on.
CREATE TABLE edges (
    tenant     TEXT    NOT NULL,
    member     TEXT    NOT NULL,
    valid_from INTEGER NOT NULL,
    inviter    TEXT,
    place      INTEGER NOT NULL,
    PRIMARY KEY (tenant, member, valid_from)
) STRICT, WITHOUT ROWID;

-- How many members and edges a tenant has, and the hash of all of them, chained by place.
CREATE TABLE members_heads (
    tenant TEXT    NOT NULL,
    places INTEGER NOT NULL,
    head   BLOB    NOT NULL,
    PRIMARY KEY (tenant)
) STRICT, WITHOUT ROWID;

-- The only table that may hold personal data. Nothing that is hashed depends on it.
CREATE TABLE personal (
    tenant  TEXT NOT NULL,
    subject TEXT NOT NULL,
    field   TEXT NOT NULL,
    value   TEXT NOT NULL,
    PRIMARY KEY (tenant, subject, field)
) STRICT, WITHOUT ROWID;

CREATE TABLE plans (
    tenant TEXT NOT NULL,
    hash   TEXT NOT NULL,
    text   TEXT NOT NULL,
    PRIMARY KEY (tenant, hash)
) STRICT, WITHOUT ROWID;

-- `hash` is that of everything else in the journal and of its postings.
CREATE TABLE journals (
    journal     INTEGER PRIMARY KEY,
    tenant      TEXT    NOT NULL,
    journal_id  TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    reason      TEXT    NOT NULL,
    fingerprint TEXT    NOT NULL,
    hash        BLOB    NOT NULL,
    UNIQUE (tenant, journal_id)
) STRICT;

CREATE TABLE postings (
    tenant   TEXT    NOT NULL,
    journal  INTEGER NOT NULL,
    ordinal  INTEGER NOT NULL,
    account  TEXT    NOT NULL,
    currency TEXT    NOT NULL,
    minor    INTEGER NOT NULL,
    PRIMARY KEY (tenant, journal, ordinal)
) STRICT, WITHOUT ROWID;

-- Members' accounts only: a stored balance of the mall would be one row every writer has to touch.
CREATE TABLE balances (
    tenant   TEXT    NOT NULL,
    account  TEXT    NOT NULL,
    currency TEXT    NOT NULL,
    minor    INTEGER NOT NULL,
    PRIMARY KEY (tenant, account, currency)
) STRICT, WITHOUT ROWID;

-- One evaluation per version of a sale. `sale` is what a reversal will need of it; `rows` counts the
-- outcome's rows; `due` is when the next of its confirmed entries may be released; `order_head` is the hash
-- of the last event its order had, none where the order is kept elsewhere; `history` is what happened to the
-- outcome since, one line each, and `head` chains that to everything it was computed from.
CREATE TABLE outcomes (
    outcome     INTEGER PRIMARY KEY,
    tenant      TEXT    NOT NULL,
    sale_id     TEXT    NOT NULL,
    version     INTEGER NOT NULL,
    plan        TEXT    NOT NULL,
    semantics   INTEGER NOT NULL,
    currency    TEXT    NOT NULL,
    pool        INTEGER NOT NULL,
    sale        TEXT    NOT NULL,
    fingerprint TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    order_head  BLOB,
    confirmed_at INTEGER,
    due         INTEGER,
    rows        INTEGER NOT NULL,
    history     TEXT    NOT NULL,
    head        BLOB    NOT NULL,
    UNIQUE (tenant, sale_id, version)
) STRICT;
CREATE INDEX outcomes_due ON outcomes (tenant, due) WHERE due IS NOT NULL;

-- `key` needs no index of its own: it is derived from the sale, of which there is one outcome a version,
-- and an index of hashes would touch a page a row.
-- What was paid or taken back, and the journal that posted it: none where a refund's rows cancel out. A
-- reversal names its refund and has no line or level of its own.
CREATE TABLE outcome_rows (
    tenant    TEXT    NOT NULL,
    outcome   INTEGER NOT NULL,
    ordinal   INTEGER NOT NULL,
    key       TEXT    NOT NULL,
    payee     TEXT    NOT NULL,
    rule      TEXT    NOT NULL,
    line      TEXT,
    level     INTEGER,
    source    TEXT,
    account   TEXT    NOT NULL,
    amount    INTEGER NOT NULL,
    refund_id TEXT,
    journal   INTEGER,
    PRIMARY KEY (tenant, outcome, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE outcome_retained (
    tenant  TEXT    NOT NULL,
    outcome INTEGER NOT NULL,
    reason  TEXT    NOT NULL,
    amount  INTEGER NOT NULL,
    PRIMARY KEY (tenant, outcome, reason)
) STRICT, WITHOUT ROWID;

-- What stands for a payee of a rule, and on which account of the ledger: a fold of the outcome's rows.
CREATE TABLE entries (
    tenant     TEXT    NOT NULL,
    outcome    INTEGER NOT NULL,
    rule       TEXT    NOT NULL,
    payee      TEXT    NOT NULL,
    account    TEXT    NOT NULL,
    amount     INTEGER NOT NULL,
    stands_on  TEXT    NOT NULL,
    hold_until INTEGER,
    PRIMARY KEY (tenant, outcome, rule, payee, account)
) STRICT, WITHOUT ROWID;

-- What refunds took back of an outcome's sale.
CREATE TABLE refunds (
    tenant      TEXT    NOT NULL,
    outcome     INTEGER NOT NULL,
    refund_id   TEXT    NOT NULL,
    ordinal     INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    taken       TEXT    NOT NULL,
    PRIMARY KEY (tenant, outcome, refund_id)
) STRICT, WITHOUT ROWID;
