#include "catalog/migrations.h"

#include <fmt/format.h>

namespace lineshaft::catalog {
namespace {

// Times are microseconds since 1970. Ids come from `counter` and are never used twice, because an
// id in a log or a revocation must always mean the same thing. BYTEA and DOUBLE PRECISION are
// PostgreSQL's words; SQLite stores what is bound.
constexpr std::string_view version_1 = R"sql(
CREATE TABLE counter (
    name  TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
CREATE TABLE organisation (
    id         BIGINT NOT NULL PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);
CREATE TABLE site (
    organisation BIGINT NOT NULL REFERENCES organisation (id),
    id           BIGINT NOT NULL,
    name         TEXT NOT NULL,
    time_zone    TEXT NOT NULL,
    latitude     DOUBLE PRECISION,
    longitude    DOUBLE PRECISION,
    PRIMARY KEY (organisation, id),
    UNIQUE (organisation, name)
);
CREATE TABLE machine (
    organisation BIGINT NOT NULL REFERENCES organisation (id),
    id           TEXT NOT NULL,
    name         TEXT,
    kind         TEXT,
    site         BIGINT,
    adopted_at   BIGINT,
    source       TEXT NOT NULL,
    first_seen   BIGINT NOT NULL,
    PRIMARY KEY (organisation, id),
    FOREIGN KEY (organisation, site) REFERENCES site (organisation, id)
);
CREATE INDEX machine_by_site ON machine (organisation, site);
CREATE TABLE tag (
    organisation    BIGINT NOT NULL,
    machine         TEXT NOT NULL,
    name            TEXT NOT NULL,
    label           TEXT,
    unit            TEXT,
    low             DOUBLE PRECISION,
    high            DOUBLE PRECISION,
    writable        SMALLINT,
    source_unit     TEXT,
    source_low      DOUBLE PRECISION,
    source_high     DOUBLE PRECISION,
    source_writable SMALLINT,
    PRIMARY KEY (organisation, machine, name),
    FOREIGN KEY (organisation, machine) REFERENCES machine (organisation, id)
);
CREATE TABLE person (
    organisation  BIGINT NOT NULL REFERENCES organisation (id),
    id            BIGINT NOT NULL,
    name          TEXT NOT NULL,
    name_key      TEXT NOT NULL,
    role          TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at    BIGINT NOT NULL,
    last_seen_at  BIGINT,
    PRIMARY KEY (organisation, id),
    UNIQUE (organisation, name_key)
);
CREATE TABLE token (
    organisation   BIGINT NOT NULL REFERENCES organisation (id),
    id             BIGINT NOT NULL,
    name           TEXT NOT NULL,
    role           TEXT,
    machine        TEXT,
    sha256         BYTEA NOT NULL UNIQUE,
    scram_verifier TEXT NOT NULL,
    created_at     BIGINT NOT NULL,
    created_by     TEXT NOT NULL,
    last_used_at   BIGINT,
    revoked_at     BIGINT,
    PRIMARY KEY (organisation, id),
    CHECK ((role IS NULL) <> (machine IS NULL))
);
CREATE UNIQUE INDEX token_live_name ON token (organisation, name) WHERE revoked_at IS NULL;
CREATE UNIQUE INDEX token_id ON token (id);
CREATE TABLE session (
    sha256       BYTEA NOT NULL PRIMARY KEY,
    organisation BIGINT NOT NULL,
    person       BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    origin       TEXT NOT NULL,
    FOREIGN KEY (organisation, person) REFERENCES person (organisation, id) ON DELETE CASCADE
);
CREATE INDEX session_by_person ON session (organisation, person);
CREATE TABLE setting (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
CREATE TABLE answer (
    organisation BIGINT NOT NULL REFERENCES organisation (id),
    principal    TEXT NOT NULL,
    route        TEXT NOT NULL,
    name         TEXT NOT NULL,
    body_sha256  BYTEA NOT NULL,
    status       BIGINT NOT NULL,
    body         TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (organisation, principal, route, name)
);
CREATE INDEX answer_by_age ON answer (created_at);
)sql";

// Organisations may be limited and titled; people have a second factor. A limit that is NULL is the
// setting's. `totp_sealed` opens only with the node's key.
constexpr std::string_view version_2 = R"sql(
ALTER TABLE organisation ADD COLUMN title TEXT;
ALTER TABLE organisation ADD COLUMN machines_max BIGINT;
ALTER TABLE organisation ADD COLUMN sessions_max BIGINT;
ALTER TABLE organisation ADD COLUMN messages_per_s BIGINT;
ALTER TABLE organisation ADD COLUMN samples_per_s BIGINT;
ALTER TABLE organisation ADD COLUMN retained_bytes_max BIGINT;
ALTER TABLE person ADD COLUMN totp_sealed BYTEA;
ALTER TABLE person ADD COLUMN totp_confirmed_at BIGINT;
ALTER TABLE person ADD COLUMN totp_step BIGINT;
CREATE TABLE recovery_code (
    organisation BIGINT NOT NULL,
    person       BIGINT NOT NULL,
    sha256       BYTEA NOT NULL,
    PRIMARY KEY (organisation, person, sha256),
    FOREIGN KEY (organisation, person) REFERENCES person (organisation, id) ON DELETE CASCADE
);
)sql";

// Machine certificates of the node's own authority, and leave to enrol for one.
constexpr std::string_view version_3 = R"sql(
CREATE TABLE certificate (
    id           BIGINT NOT NULL PRIMARY KEY,
    organisation BIGINT NOT NULL REFERENCES organisation (id),
    machine      TEXT NOT NULL,
    serial       TEXT NOT NULL UNIQUE,
    sha256       BYTEA NOT NULL UNIQUE,
    key_sha256   BYTEA NOT NULL,
    der          BYTEA NOT NULL,
    not_before   BIGINT NOT NULL,
    not_after    BIGINT NOT NULL,
    issued_at    BIGINT NOT NULL,
    issued_by    TEXT NOT NULL,
    revoked_at   BIGINT,
    revoked_by   TEXT,
    warned_days  BIGINT
);
CREATE INDEX certificate_by_machine ON certificate (organisation, machine, id);
CREATE INDEX certificate_by_end ON certificate (not_after);
CREATE TABLE enrolment (
    sha256       BYTEA NOT NULL PRIMARY KEY,
    organisation BIGINT NOT NULL REFERENCES organisation (id),
    machine      TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    created_by   TEXT NOT NULL,
    expires_at   BIGINT NOT NULL,
    used_at      BIGINT,
    certificate  BIGINT
);
CREATE INDEX enrolment_by_end ON enrolment (organisation, expires_at);
)sql";

// What machines are: said by themselves (shared = 0) or told by people (1). Values are JSON.
constexpr std::string_view version_4 = R"sql(
CREATE TABLE machine_attribute (
    organisation BIGINT NOT NULL,
    machine      TEXT NOT NULL,
    shared       SMALLINT NOT NULL,
    name         TEXT NOT NULL,
    value        TEXT NOT NULL,
    PRIMARY KEY (organisation, machine, shared, name),
    FOREIGN KEY (organisation, machine) REFERENCES machine (organisation, id) ON DELETE CASCADE
);
)sql";

// Machines that are being erased, and were: the id stays, of what it said nothing does.
constexpr std::string_view version_5 = R"sql(
CREATE TABLE erasure (
    id           BIGINT NOT NULL PRIMARY KEY,
    organisation BIGINT NOT NULL REFERENCES organisation (id),
    machine      TEXT NOT NULL,
    before_ticket BIGINT NOT NULL,
    asked_by     TEXT NOT NULL,
    asked_at     BIGINT NOT NULL,
    done_at      BIGINT
);
CREATE INDEX erasure_by_end ON erasure (done_at);
)sql";

// Designs: state 0 at work (by the program's run), 1 ready, 2 refused. `stitches` is a DST file.
constexpr std::string_view version_6 = R"sql(
CREATE TABLE design (
    id           BIGINT NOT NULL PRIMARY KEY,
    organisation BIGINT NOT NULL REFERENCES organisation (id),
    name         TEXT NOT NULL,
    state        SMALLINT NOT NULL,
    run          BIGINT NOT NULL,
    facts        TEXT NOT NULL,
    stitches     BYTEA NOT NULL,
    created_by   TEXT NOT NULL,
    created_at   BIGINT NOT NULL
);
CREATE INDEX design_by_organisation ON design (organisation, id);
)sql";

// Custom production (dispatch/orders). Files are kept by what they hold. `asked`: a method a machine has not confirmed.
constexpr std::string_view version_7 = R"sql(
CREATE TABLE order_price (
    organisation BIGINT NOT NULL PRIMARY KEY REFERENCES organisation (id),
    currency TEXT NOT NULL,
    setup BIGINT NOT NULL,
    thousand_stitches BIGINT NOT NULL,
    colour BIGINT NOT NULL,
    piece_min BIGINT NOT NULL,
    machine_hour BIGINT NOT NULL,
    thread_km BIGINT NOT NULL
);
CREATE TABLE shop_link (
    id BIGINT NOT NULL PRIMARY KEY,
    organisation BIGINT NOT NULL REFERENCES organisation (id),
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    orders_per_hour BIGINT NOT NULL,
    quantity_max BIGINT NOT NULL,
    orders BIGINT NOT NULL
);
CREATE TABLE sewing_file (
    organisation BIGINT NOT NULL REFERENCES organisation (id),
    hash TEXT NOT NULL,
    file BYTEA NOT NULL,
    PRIMARY KEY (organisation, hash)
);
CREATE TABLE customer_order (
    number BIGINT NOT NULL PRIMARY KEY,
    organisation BIGINT NOT NULL REFERENCES organisation (id),
    code TEXT NOT NULL UNIQUE,
    state SMALLINT NOT NULL,
    is_held SMALLINT NOT NULL,
    why TEXT NOT NULL,
    name TEXT NOT NULL,
    customer TEXT NOT NULL,
    contact TEXT NOT NULL,
    note TEXT NOT NULL,
    quantity BIGINT NOT NULL,
    priority BIGINT NOT NULL,
    placed_at BIGINT NOT NULL,
    due_at BIGINT,
    done_at BIGINT,
    design BIGINT NOT NULL,
    hash TEXT NOT NULL,
    stitches BIGINT NOT NULL,
    colours BIGINT NOT NULL,
    minutes DOUBLE PRECISION NOT NULL,
    width_mm DOUBLE PRECISION NOT NULL,
    height_mm DOUBLE PRECISION NOT NULL,
    thread_m DOUBLE PRECISION NOT NULL,
    threads TEXT NOT NULL,
    currency TEXT NOT NULL,
    total_minor BIGINT NOT NULL,
    link BIGINT NOT NULL,
    identifier TEXT NOT NULL,
    good BIGINT NOT NULL,
    rework BIGINT NOT NULL,
    scrap BIGINT NOT NULL
);
CREATE INDEX customer_order_by_state ON customer_order (organisation, state, number);
CREATE TABLE job_order (
    number BIGINT NOT NULL PRIMARY KEY,
    organisation BIGINT NOT NULL REFERENCES organisation (id),
    order_number BIGINT NOT NULL REFERENCES customer_order (number),
    machine TEXT NOT NULL,
    position BIGINT NOT NULL,
    is_pinned SMALLINT NOT NULL,
    state SMALLINT NOT NULL,
    substate SMALLINT NOT NULL,
    asked SMALLINT,
    sequence BIGINT NOT NULL,
    answered BIGINT NOT NULL,
    wanted BIGINT NOT NULL,
    good BIGINT NOT NULL,
    rework BIGINT NOT NULL,
    scrap BIGINT NOT NULL,
    stitches BIGINT NOT NULL,
    planned_start BIGINT,
    planned_end BIGINT,
    given_at BIGINT,
    delivered_at BIGINT,
    began_at BIGINT,
    ended_at BIGINT,
    setup_s DOUBLE PRECISION NOT NULL,
    sewing_s DOUBLE PRECISION NOT NULL,
    setup_done_s DOUBLE PRECISION NOT NULL,
    replaces BIGINT NOT NULL,
    is_final SMALLINT NOT NULL,
    file_hash TEXT NOT NULL,
    why TEXT NOT NULL,
    breaks TEXT NOT NULL
);
CREATE INDEX job_order_by_order ON job_order (order_number, number);
CREATE INDEX job_order_by_machine ON job_order (organisation, machine, state);
CREATE INDEX job_order_by_state ON job_order (organisation, state, machine, position);
CREATE TABLE piece (
    order_number BIGINT NOT NULL REFERENCES customer_order (number),
    number BIGINT NOT NULL,
    organisation BIGINT NOT NULL,
    job BIGINT NOT NULL,
    idx BIGINT NOT NULL,
    quality SMALLINT NOT NULL,
    stitches BIGINT NOT NULL,
    breaks BIGINT NOT NULL,
    began_at BIGINT,
    done_at BIGINT NOT NULL,
    machine TEXT NOT NULL,
    identifier TEXT NOT NULL,
    PRIMARY KEY (order_number, number),
    UNIQUE (job, idx)
);
CREATE TABLE sewing_stop (
    job BIGINT NOT NULL,
    at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    organisation BIGINT NOT NULL,
    machine TEXT NOT NULL,
    seconds DOUBLE PRECISION NOT NULL,
    stitch BIGINT NOT NULL,
    needle BIGINT NOT NULL,
    head BIGINT NOT NULL,
    PRIMARY KEY (job, at, reason)
);
CREATE INDEX sewing_stop_by_time ON sewing_stop (organisation, at);
CREATE TABLE order_event (
    id BIGINT NOT NULL PRIMARY KEY,
    organisation BIGINT NOT NULL,
    order_number BIGINT NOT NULL,
    job BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    who TEXT NOT NULL
);
CREATE INDEX order_event_by_order ON order_event (order_number, id);
CREATE TABLE sewing_machine (
    organisation BIGINT NOT NULL REFERENCES organisation (id),
    machine TEXT NOT NULL,
    is_told SMALLINT NOT NULL,
    is_enabled SMALLINT NOT NULL,
    heads BIGINT NOT NULL,
    needles BIGINT NOT NULL,
    hoop_width_mm DOUBLE PRECISION NOT NULL,
    hoop_height_mm DOUBLE PRECISION NOT NULL,
    rpm_max DOUBLE PRECISION NOT NULL,
    dialect TEXT NOT NULL,
    delivery SMALLINT NOT NULL,
    folder TEXT NOT NULL,
    threads TEXT NOT NULL,
    PRIMARY KEY (organisation, machine, is_told)
);
)sql";

// The fleet: bodies are JSON of dispatch/fleet.
constexpr std::string_view version_8 = R"sql(
CREATE TABLE fleet_row (
    organisation BIGINT NOT NULL REFERENCES organisation (id),
    kind         TEXT NOT NULL,
    id           TEXT NOT NULL,
    body         TEXT NOT NULL,
    PRIMARY KEY (organisation, kind, id)
);
CREATE TABLE fleet_crossing (
    id           BIGINT NOT NULL PRIMARY KEY,
    organisation BIGINT NOT NULL REFERENCES organisation (id),
    at           BIGINT NOT NULL,
    machine      TEXT NOT NULL,
    site         TEXT NOT NULL,
    is_entered   SMALLINT NOT NULL
);
CREATE INDEX fleet_crossing_by_machine ON fleet_crossing (organisation, machine, id);
)sql";

// Where a site's days, weeks and shifts begin; shifts as lines of "MINUTES NAME".
constexpr std::string_view version_9 = R"sql(
ALTER TABLE site ADD COLUMN day_starts SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE site ADD COLUMN week_starts SMALLINT NOT NULL DEFAULT 1;
ALTER TABLE site ADD COLUMN shifts TEXT NOT NULL DEFAULT '';
)sql";

// What orders are sewn on. Shifts with weekdays of their own are lines of "MINUTES:WEEKDAYS NAME".
constexpr std::string_view version_10 = R"sql(
ALTER TABLE customer_order ADD COLUMN fabric TEXT NOT NULL DEFAULT '';
ALTER TABLE customer_order ADD COLUMN cloth TEXT NOT NULL DEFAULT '';
)sql";

constexpr std::string_view all[] = {version_1, version_2, version_3, version_4, version_5,
                                    version_6, version_7, version_8, version_9, version_10};

}  // namespace

std::span<const std::string_view> migrations() {
    return all;
}

Result<std::int64_t> schema_version(Database& database) {
    std::int64_t version = 0;
    TRY_VOID(database.query("SELECT COALESCE(MAX(version), 0) FROM schema_version", {},
                            [&](const Row& row) { version = row.integer(0); }));
    return version;
}

Result<void> migrate(Database& database, Instant now, std::span<const std::string_view> steps) {
    TRY_VOID(
        database.script("CREATE TABLE IF NOT EXISTS schema_version ("
                        "version BIGINT NOT NULL PRIMARY KEY, applied_at BIGINT NOT NULL)"));
    const auto newest = static_cast<std::int64_t>(steps.size());
    for (;;) {
        TRY(auto transaction, Transaction::begin(database));
        // Read inside the transaction: another process may be migrating the same file.
        TRY(const std::int64_t version, schema_version(database));
        if (version > newest) {
            return fail(Code::unsupported,
                        fmt::format("written by a newer Lineshaft (schema {}, this one knows {}): "
                                    "start that version, or restore a backup made by this one",
                                    version, newest));
        }
        if (version == newest) return {};
        TRY_VOID(database.script(steps[static_cast<std::size_t>(version)]));
        TRY_VOID(database.change("INSERT INTO schema_version (version, applied_at) VALUES ($1, $2)",
                                 {version + 1, now}));
        TRY_VOID(transaction.commit());
    }
}

}  // namespace lineshaft::catalog
