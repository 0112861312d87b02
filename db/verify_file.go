package db

import (
	"context"
	"database/sql"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// verifyIntegrity uses a connection of its own that could write but is told not to: SQLite forgets a
// table's CHECK rules where it opens the file for reading only. What SQLite takes for the end of the
// write-ahead log it does not tell, so that is looked at here.
func verifyIntegrity(v *verifier) error {
	if err := v.count(`SELECT page_count FROM pragma_page_count`); err != nil {
		return err
	}
	path := filepath.Join(v.ledger.dir, FileName)
	log, err := checkLog(path)
	if err != nil {
		return v.failed(err)
	}
	if log.broken >= 0 {
		v.broken("%s", log.damage())
	}
	pool, err := connect(path, "mode=rw", "query_only(1)")
	if err != nil {
		return err
	}
	defer pool.Close()
	rows, err := pool.QueryContext(v.ctx, `SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'`)
	if err != nil {
		return v.failed(err)
	}
	defer rows.Close()
	for rows.Next() {
		var violation string
		if err := rows.Scan(&violation); err != nil {
			return v.failed(err)
		}
		v.broken("%s", violation)
	}
	return v.failed(rows.Err())
}

func verifyReferences(v *verifier) error {
	if err := v.count(`SELECT count(*) FROM sqlite_schema m JOIN pragma_foreign_key_list(m.name) WHERE m.type = 'table'`); err != nil {
		return err
	}
	return v.none(`SELECT format('%s: row %d belongs to no row of %s', "table", rowid, parent) FROM pragma_foreign_key_check`)
}

// verifyDurability asks the writer itself where it is in this process, and else what it put on record.
func verifyDurability(v *verifier) error {
	const full = 2
	v.check.Counted = 2
	var mode string
	synchronous := -1
	if err := v.each(`PRAGMA journal_mode`, func(row scanner) error { return row.Scan(&mode) }); err != nil {
		return err
	}
	if mode != "wal" {
		v.broken("journal_mode: %s", mode)
	}
	if err := v.each(`SELECT synchronous FROM writer`, func(row scanner) error { return row.Scan(&synchronous) }); err != nil {
		return err
	}
	if w := v.ledger.writer; w != nil {
		if err := w.conn.QueryRowContext(v.ctx, `PRAGMA synchronous`).Scan(&synchronous); err != nil {
			return v.failed(err)
		}
	}
	if synchronous < full {
		v.broken("synchronous: %d", synchronous)
	}
	return nil
}

const schemaQuery = `SELECT type || ' ' || name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!'`

// verifySchema compares the ledger with one that the migrations make afresh.
func verifySchema(v *verifier) error {
	want, err := freshSchema()
	if err != nil {
		return v.failed(err)
	}
	have := map[string]string{}
	if err := v.each(schemaQuery, func(row scanner) error { return readSchema(row, have) }); err != nil {
		return err
	}
	v.check.Counted = int64(len(want))
	for _, name := range slices.Sorted(maps.Keys(want)) {
		switch sql, ok := have[name]; {
		case !ok:
			v.broken("%s: missing", name)
		case sql != want[name]:
			v.broken("%s: changed", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(have)) {
		if _, ok := want[name]; !ok {
			v.broken("%s: not the program's", name)
		}
	}
	return nil
}

func readSchema(row scanner, schema map[string]string) error {
	var name, text string
	err := row.Scan(&name, &text)
	schema[name] = text
	return err
}

// freshSchema is what the migrations make of nothing; a process makes it once.
var freshSchema = sync.OnceValues(func() (map[string]string, error) {
	ctx := context.Background()
	d, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, err
	}
	defer d.Close()
	d.SetMaxOpenConns(1) // another connection would be another ledger
	if err := migrate(ctx, d, time.Unix(1, 0), nil); err != nil {
		return nil, err
	}
	rows, err := d.QueryContext(ctx, schemaQuery)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	schema := map[string]string{}
	for rows.Next() {
		if err := readSchema(rows, schema); err != nil {
			return nil, err
		}
	}
	return schema, rows.Err()
})
