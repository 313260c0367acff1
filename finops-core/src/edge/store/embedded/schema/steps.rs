//! The steps by which the schema came about, in their order. One that was released is never changed.

/// The steps from an empty file to the present schema. A step that was released is never changed.
pub(super) const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE state (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        snapshot INTEGER NOT NULL
    ) STRICT;
    INSERT INTO state VALUES (1, 0);

    CREATE TABLE imports (
        id TEXT PRIMARY KEY,
        fingerprint BLOB NOT NULL,
        snapshot INTEGER NOT NULL,
        imported_at INTEGER NOT NULL,
        quarantined INTEGER NOT NULL,
        receipt TEXT NOT NULL
    ) STRICT;
    CREATE INDEX imports_by_fingerprint ON imports (fingerprint);

    CREATE TABLE import_files (
        digest BLOB NOT NULL,
        import_id TEXT NOT NULL REFERENCES imports (id),
        PRIMARY KEY (digest, import_id)
    ) STRICT, WITHOUT ROWID;

    -- A segment belongs to the states from `born` up to, and without, `died`.
    CREATE TABLE segments (
        id INTEGER PRIMARY KEY,
        import_id TEXT NOT NULL REFERENCES imports (id),
        billing_account_id TEXT NOT NULL,
        period_start INTEGER NOT NULL,
        period_end INTEGER NOT NULL,
        file TEXT NOT NULL UNIQUE,
        bytes INTEGER NOT NULL,
        digest BLOB NOT NULL,
        charges INTEGER NOT NULL,
        first_charge INTEGER NOT NULL,
        last_charge INTEGER NOT NULL,
        charged_until INTEGER NOT NULL,
        parties TEXT NOT NULL, -- JSON: who sold and who invoiced
        born INTEGER NOT NULL,
        died INTEGER
    ) STRICT;
    CREATE INDEX segments_by_scope ON segments (billing_account_id, period_start) WHERE died IS NULL;
    CREATE INDEX segments_by_import ON segments (import_id);

    CREATE TABLE catalog (
        kind TEXT NOT NULL,
        id TEXT NOT NULL,
        entry TEXT NOT NULL,
        PRIMARY KEY (kind, id)
    ) STRICT, WITHOUT ROWID;
",
    "
    -- The states that can still be read, from `oldest` on; the empty one of number 0 has no row.
    ALTER TABLE state ADD COLUMN oldest INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE snapshots (
        id INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        cause TEXT NOT NULL, -- import, compact
        charges INTEGER NOT NULL
    ) STRICT;
    INSERT INTO snapshots
        SELECT snapshot, imported_at, 'import',
               (SELECT coalesce(sum(charges), 0) FROM segments
                WHERE born <= imports.snapshot AND (died IS NULL OR died > imports.snapshot))
        FROM imports;

    -- Whether nothing that it brought was replaced since. A vacuum forgets what was.
    ALTER TABLE imports ADD COLUMN whole INTEGER NOT NULL DEFAULT 1;
    UPDATE imports SET whole = 0 WHERE id IN (SELECT import_id FROM segments WHERE died IS NOT NULL);
    CREATE INDEX imports_by_snapshot ON imports (snapshot);

    -- Where the charges of an import lie: a compaction brings those of several into one segment. The times are those
    -- of that import's charges in the segment.
    CREATE TABLE segment_imports (
        segment_id INTEGER NOT NULL REFERENCES segments (id),
        import_id TEXT NOT NULL REFERENCES imports (id),
        first_charge INTEGER NOT NULL,
        last_charge INTEGER NOT NULL,
        PRIMARY KEY (segment_id, import_id)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO segment_imports SELECT id, import_id, first_charge, last_charge FROM segments;
    CREATE INDEX segment_imports_by_import ON segment_imports (import_id);
    DROP INDEX segments_by_import;
    ALTER TABLE segments DROP COLUMN import_id;
    CREATE INDEX segments_by_end ON segments (died);
",
    "
    -- The texts that hot columns have codes for, in pages: the first has code `first`, which is 1 or more.
    CREATE TABLE vocabulary (
        column_name TEXT NOT NULL,
        first INTEGER NOT NULL,
        texts BLOB NOT NULL,
        UNIQUE (column_name, first)
    ) STRICT;
",
    "
    CREATE TABLE virtual_dimensions (
        name TEXT PRIMARY KEY,
        definition TEXT NOT NULL -- JSON
    ) STRICT, WITHOUT ROWID;
",
    "
    -- What was committed of usage. `batch` is the number of the last batch, `checkpoint` the last one whose events
    -- are in blocks of fingerprints and in pages; those after it are counted again when usage is first asked for.
    CREATE TABLE usage_state (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        batch INTEGER NOT NULL,
        events INTEGER NOT NULL, -- ever accepted
        change INTEGER NOT NULL, -- the last row of usage_changes
        checkpoint INTEGER NOT NULL,
        checkpoint_change INTEGER NOT NULL,
        meter_change INTEGER NOT NULL, -- how often the meters were changed
        next_meter INTEGER NOT NULL,
        raw_from INTEGER -- events before it may have been dropped
    ) STRICT;
    INSERT INTO usage_state VALUES (1, 0, 0, 0, 0, 0, 0, 0, NULL);

    -- The events of a commit by column, or those of several that were brought together: numbers `seq` to `through`.
    CREATE TABLE usage_batches (
        seq INTEGER PRIMARY KEY,
        through INTEGER NOT NULL,
        first_event INTEGER NOT NULL, -- its place in the order of arrival
        events INTEGER NOT NULL,
        first_time INTEGER NOT NULL,
        last_time INTEGER NOT NULL,
        recorded_at INTEGER NOT NULL,
        checksum INTEGER NOT NULL,
        columns BLOB NOT NULL
    ) STRICT;

    -- What was voided or corrected since: the place of the event in the order of arrival, and what it is now.
    CREATE TABLE usage_changes (
        id INTEGER PRIMARY KEY,
        event INTEGER NOT NULL,
        at INTEGER NOT NULL,
        checksum INTEGER NOT NULL,
        correction BLOB -- a batch of one event; none when it was voided
    ) STRICT;
    CREATE INDEX usage_changes_by_event ON usage_changes (event);

    -- The meters that are not built in.
    CREATE TABLE usage_meters (
        number INTEGER PRIMARY KEY,
        definition TEXT NOT NULL -- JSON
    ) STRICT;

    -- Sealed fingerprints: a directory, pages of sorted entries (block << 32 | first bits), filters.
    CREATE TABLE usage_blocks (
        id INTEGER PRIMARY KEY,
        entries INTEGER NOT NULL,
        page_bits INTEGER NOT NULL,
        first_batch INTEGER NOT NULL,
        last_at INTEGER NOT NULL,
        filter_bytes INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE usage_fingerprints (
        page INTEGER PRIMARY KEY,
        checksum INTEGER NOT NULL,
        entries BLOB NOT NULL
    ) STRICT;
    CREATE TABLE usage_filters (
        block INTEGER NOT NULL,
        part INTEGER NOT NULL,
        checksum INTEGER NOT NULL,
        bytes BLOB NOT NULL,
        UNIQUE (block, part)
    ) STRICT;

    -- What meters counted: their series, in pages that follow each other, and the cells of a day or month of UTC.
    CREATE TABLE usage_series (
        id INTEGER PRIMARY KEY,
        checksum INTEGER NOT NULL,
        bytes BLOB NOT NULL
    ) STRICT;
    CREATE TABLE usage_pages (
        meter INTEGER NOT NULL,
        span INTEGER NOT NULL, -- 0 a day, 1 a month
        day INTEGER NOT NULL,
        hour INTEGER NOT NULL, -- of the day; 0 of a month
        checksum INTEGER NOT NULL,
        bytes BLOB NOT NULL,
        UNIQUE (meter, span, day, hour)
    ) STRICT;
",
    "
    CREATE TABLE definitions (
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        body TEXT NOT NULL, -- JSON
        change INTEGER NOT NULL,
        PRIMARY KEY (kind, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX definitions_by_change ON definitions (kind, change);
    CREATE TABLE definition_changes (last INTEGER NOT NULL) STRICT;
    INSERT INTO definition_changes VALUES (0);

    -- What is booked of what a tenant owes for what a meter counts in a billing period.
    CREATE TABLE usage_lines (
        period_start INTEGER NOT NULL,
        tenant_id TEXT NOT NULL,
        meter TEXT NOT NULL,
        booked BLOB NOT NULL,
        PRIMARY KEY (period_start, tenant_id, meter)
    ) STRICT, WITHOUT ROWID;

    -- How far usage has become charges: events, changes to them, changes of definitions, and up to when levels are.
    CREATE TABLE usage_settled (
        events INTEGER NOT NULL,
        changes INTEGER NOT NULL,
        definitions INTEGER NOT NULL,
        until INTEGER NOT NULL
    ) STRICT;
    INSERT INTO usage_settled VALUES (0, 0, 0, 0);

    -- What was billed later of lines whose period was closed. Quantities and amounts as decimal text.
    CREATE TABLE usage_corrections (
        billed_in INTEGER NOT NULL,
        tenant_id TEXT NOT NULL,
        period_start INTEGER NOT NULL,
        meter TEXT NOT NULL,
        quantity TEXT NOT NULL,
        amount TEXT,
        currency TEXT NOT NULL
    ) STRICT;
    CREATE INDEX usage_corrections_by_bill ON usage_corrections (billed_in, tenant_id);

    -- Billing periods that are closed, with what was billed, as JSON.
    CREATE TABLE statements (
        period_start INTEGER NOT NULL,
        tenant_id TEXT NOT NULL,
        closed_at INTEGER NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (period_start, tenant_id)
    ) STRICT, WITHOUT ROWID;
",
    "
    -- The log of changes: who changed what and when, each entry with the hash of the one before.
    CREATE TABLE audit (
        seq INTEGER PRIMARY KEY CHECK (seq > 0),
        at INTEGER NOT NULL,
        actor TEXT NOT NULL,
        action TEXT NOT NULL,
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        before TEXT, -- JSON
        after TEXT, -- JSON
        previous BLOB NOT NULL,
        hash BLOB NOT NULL
    ) STRICT;
    CREATE INDEX audit_by_key ON audit (kind, key);

    -- The end of the log, so that nobody cuts it off unseen.
    CREATE TABLE audit_head (entries INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;
    INSERT INTO audit_head VALUES (0, zeroblob(32));
",
    "
    -- Blocks of fingerprints are merged by slices, which the first six bits of an event name: a block has one slice, or
    -- those from number `merged` on. Filters have another form; those of older blocks are made when they are needed.
    ALTER TABLE usage_blocks ADD COLUMN merged INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE usage_blocks ADD COLUMN slice INTEGER;
    ALTER TABLE usage_state ADD COLUMN merge INTEGER NOT NULL DEFAULT 0; -- how many steps of merging there were
    UPDATE usage_blocks SET filter_bytes = 0;
    DELETE FROM usage_filters;

    -- Pages in smaller parts: those of 1,024 series each. Of older ones, -1, a part has all series.
    ALTER TABLE usage_pages RENAME TO usage_pages_of_hours;
    CREATE TABLE usage_pages (
        meter INTEGER NOT NULL,
        span INTEGER NOT NULL, -- 0 a day, 1 a month
        day INTEGER NOT NULL,
        hour INTEGER NOT NULL, -- of the day; 0 of a month
        part INTEGER NOT NULL, -- of the series
        checksum INTEGER NOT NULL,
        bytes BLOB NOT NULL,
        UNIQUE (meter, span, day, hour, part)
    ) STRICT;
    INSERT INTO usage_pages SELECT meter, span, day, hour, -1, checksum, bytes FROM usage_pages_of_hours;
    DROP TABLE usage_pages_of_hours;
",
    "
    -- Months whose allocation is closed: what they came to, and their lines in parts; JSON, compressed.
    CREATE TABLE allocation_closes (
        number INTEGER PRIMARY KEY,
        period_start INTEGER NOT NULL UNIQUE,
        closed_at INTEGER NOT NULL,
        body BLOB NOT NULL
    ) STRICT;
    CREATE TABLE allocation_lines (
        number INTEGER NOT NULL REFERENCES allocation_closes (number),
        part INTEGER NOT NULL,
        lines BLOB NOT NULL,
        PRIMARY KEY (number, part)
    ) STRICT;
",
    "
    -- Thresholds of budgets that were crossed, each once in a period; what became of them as JSON.
    CREATE TABLE budget_alerts (
        budget TEXT NOT NULL,
        period_start INTEGER NOT NULL,
        period_end INTEGER NOT NULL,
        threshold TEXT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (budget, period_start, threshold)
    ) STRICT, WITHOUT ROWID;
",
    "
    -- Events for others, in the order of their commits, each as the body that is sent. Numbers are not used again.
    CREATE TABLE outbox (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        at INTEGER NOT NULL,
        body TEXT NOT NULL
    ) STRICT;

    -- What becomes of them, for each webhook that is told. `log` is JSON: the latest attempts.
    CREATE TABLE webhook_deliveries (
        event INTEGER NOT NULL REFERENCES outbox (number),
        webhook TEXT NOT NULL,
        state TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        next_at INTEGER, -- null when it is over
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        log TEXT NOT NULL,
        PRIMARY KEY (event, webhook)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook, next_at, event) WHERE next_at IS NOT NULL;
    CREATE INDEX webhook_deliveries_by_webhook ON webhook_deliveries (webhook, event);
",
    "
    -- Anomalies of which somebody was told, each once for each narrowing of monitors.
    CREATE TABLE anomaly_announcements (
        anomaly TEXT NOT NULL,
        narrowing TEXT NOT NULL,
        starts_at INTEGER NOT NULL,
        direction TEXT NOT NULL,
        monitor TEXT NOT NULL,
        announced_at INTEGER NOT NULL,
        PRIMARY KEY (anomaly, narrowing)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX anomaly_announcements_by_start ON anomaly_announcements (narrowing, starts_at);
",
    "
    -- What was said of anomalies: the last word on each, apart for each narrowing of handles, as JSON.
    CREATE TABLE anomaly_feedback (
        narrowing TEXT NOT NULL,
        anomaly TEXT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (narrowing, anomaly)
    ) STRICT;
    -- Its key was the id, of 30 characters, and behind a slash the narrowing if there was one.
    INSERT INTO anomaly_feedback (narrowing, anomaly, body)
        SELECT substr(key, 32), substr(key, 1, 30), body FROM definitions WHERE kind = 'anomaly_feedback';
    DELETE FROM definitions WHERE kind = 'anomaly_feedback';
",
];
