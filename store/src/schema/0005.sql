-- Schema 5: bindings by policy, and uplines that change twice in one moment.

-- Who invited whom, from when on; no inviter means nobody from then on. Of two changes of one moment the one
-- with the higher place holds.
ALTER TABLE edges RENAME TO edges_before;
CREATE TABLE edges (
    tenant     TEXT    NOT NULL,
    member     TEXT    NOT NULL,
    valid_from INTEGER NOT NULL,
    inviter    TEXT,
    place      INTEGER NOT NULL,
    PRIMARY KEY (tenant, member, valid_from, place)
) STRICT, WITHOUT ROWID;
INSERT INTO edges SELECT tenant, member, valid_from, inviter, place FROM edges_before;
DROP TABLE edges_before;
CREATE INDEX edges_inviter ON edges (tenant, inviter) WHERE inviter IS NOT NULL;

-- The policies of a tenant, from when on. `members` is its place among members and edges; what follows on the first
-- one is made by events alone. `place` counts the policies and commands of a tenant together, in the order they
-- came.
CREATE TABLE binding_policies (
    tenant     TEXT    NOT NULL,
    valid_from INTEGER NOT NULL,
    text       TEXT    NOT NULL,
    members    INTEGER NOT NULL,
    place      INTEGER NOT NULL,
    PRIMARY KEY (tenant, valid_from)
) STRICT, WITHOUT ROWID;

-- Commands, those that found nothing to do among them. Commands that followed on an event of an order name it,
-- those of the host name none.
CREATE TABLE binding_commands (
    tenant      TEXT    NOT NULL,
    order_id    TEXT    NOT NULL,
    command_id  TEXT    NOT NULL,
    fingerprint TEXT    NOT NULL,
    actor       TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    place       INTEGER NOT NULL,
    PRIMARY KEY (tenant, order_id, command_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX binding_commands_place ON binding_commands (tenant, place);

-- What happened, append-only, by the place of its command; `position` is the order in which all tenants' events
-- were committed and what consumers remember.
CREATE TABLE binding_events (
    position INTEGER PRIMARY KEY,
    tenant   TEXT    NOT NULL,
    place    INTEGER NOT NULL,
    ordinal  INTEGER NOT NULL,
    data     TEXT    NOT NULL,
    UNIQUE (tenant, place, ordinal)
) STRICT;

-- Whom an event happened to, and whose inviter it changed.
CREATE TABLE binding_marks (
    tenant   TEXT    NOT NULL,
    member   TEXT    NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (tenant, member, position)
) STRICT, WITHOUT ROWID;

-- Where each member stands beside their inviter: a fold of events. Nobody has a row to whom nothing of it applies.
CREATE TABLE bindings (
    tenant      TEXT    NOT NULL,
    member      TEXT    NOT NULL,
    offer       TEXT,
    until       INTEGER,
    protected   INTEGER,
    orders      INTEGER NOT NULL,
    payments    INTEGER NOT NULL,
    standing    TEXT    NOT NULL,
    closed      INTEGER NOT NULL,
    merged_into TEXT,
    PRIMARY KEY (tenant, member)
) STRICT, WITHOUT ROWID;
CREATE INDEX bindings_due ON bindings (tenant, until) WHERE until IS NOT NULL;

-- How many policies and commands a tenant has, the hash of all of them with their events, chained by place, and
-- the time of the last event.
CREATE TABLE binding_heads (
    tenant TEXT    NOT NULL,
    places INTEGER NOT NULL,
    head   BLOB    NOT NULL,
    last   INTEGER,
    PRIMARY KEY (tenant)
) STRICT, WITHOUT ROWID;
