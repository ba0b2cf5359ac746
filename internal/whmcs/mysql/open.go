package mysql

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	driver "github.com/go-sql-driver/mysql"

	"github.com/whmcsync/whmcsync/internal/fault"
)

// Config says how to reach one WHMCS database.
type Config struct {
	Name     string         // of the source; what errors carry as their account
	DSN      string         // go-sql-driver/mysql form; must name the database
	Timezone *time.Location // of PHP and WHMCS; nil = UTC
	MaxConns int            // connections of this process, default 8
}

// DB is one WHMCS database. All methods may be called by many goroutines at once; their errors are *fault.Error:
// Transient (connection, deadlock, lock wait, cancelled context), Auth (sign-in or grants), Refused (a column, table
// or value that is not as expected), and NotFound where said.
type DB struct {
	pool   *sql.DB
	name   string
	schema string
	user   string
	zone   *time.Location
}

// Open is New and a first connection, to prove the DSN.
func Open(ctx context.Context, config Config) (*DB, error) {
	d, err := New(config)
	if err != nil {
		return nil, err
	}
	if err := d.Ping(ctx); err != nil {
		_ = d.Close() // nothing is open that could fail to close
		return nil, err
	}
	return d, nil
}

// New sets the connections up without making one, for a process that has to start while the database is away. A DSN
// that does not read is fault.Refused.
func New(config Config) (*DB, error) {
	zone := cmp.Or(config.Timezone, time.UTC)
	settings, err := parse(config.DSN, zone)
	if err != nil {
		return nil, fault.New(fault.Refused, config.Name, "read the DSN", "%w", err)
	}
	connector, err := driver.NewConnector(settings)
	if err != nil {
		return nil, fault.New(fault.Refused, config.Name, "read the DSN", "its settings do not go together")
	}
	d := &DB{pool: sql.OpenDB(connector), name: config.Name, schema: settings.DBName, user: settings.User, zone: zone}
	d.limit(cmp.Or(config.MaxConns, 8))
	return d, nil
}

// parse never quotes the DSN, or the parser's own words: they may hold the part of a password that it stumbled over.
func parse(dsn string, zone *time.Location) (*driver.Config, error) {
	settings, err := driver.ParseDSN(dsn)
	if err != nil || !slices.Contains([]string{"tcp", "tcp4", "tcp6", "unix"}, settings.Net) {
		return nil, errors.New("it is not of the form user:password@tcp(host:port)/database")
	}
	if settings.DBName == "" {
		return nil, errors.New("it names no database after the slash")
	}
	return settings, harden(settings, zone)
}

// harden sets everything that correctness rests on, whatever the DSN says; a DSN may only lower the time limits.
func harden(c *driver.Config, zone *time.Location) error {
	c.ParseTime, c.ClientFoundRows, c.InterpolateParams = true, true, true
	c.MultiStatements, c.AllowAllFiles = false, false
	c.Loc = zone
	c.Logger = &driver.NopLogger{} // its news come back as errors too
	c.Timeout = atMost(c.Timeout, 5*time.Second)
	c.ReadTimeout = atMost(c.ReadTimeout, 30*time.Second)
	c.WriteTimeout = atMost(c.WriteTimeout, 30*time.Second)
	if c.Params == nil {
		c.Params = map[string]string{}
	}
	// Zero dates stay allowed: rows that hold them must remain readable and their other columns writable.
	c.Params["sql_mode"] = "'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'"
	c.Params["time_zone"] = "'+00:00'"
	c.Params["innodb_lock_wait_timeout"] = "10" // answers before our own read limit cuts the connection
	return c.Apply(driver.Charset("utf8mb4", "utf8mb4_unicode_ci"))
}

func atMost(given, limit time.Duration) time.Duration {
	if given <= 0 {
		return limit
	}
	return min(given, limit)
}

func (d *DB) limit(conns int) {
	d.pool.SetMaxOpenConns(conns)
	d.pool.SetMaxIdleConns(conns)
	d.pool.SetConnMaxIdleTime(30 * time.Second) // shared hosts close idle connections after a minute
	d.pool.SetConnMaxLifetime(10 * time.Minute)
}

// Ping makes sure that there is a connection.
func (d *DB) Ping(ctx context.Context) error {
	return d.fail("connect", selectClients, d.pool.PingContext(ctx))
}

// Close ends all connections.
func (d *DB) Close() error { return d.pool.Close() }

// query runs one SELECT and hands every row to each.
func (d *DB) query(ctx context.Context, each func(*sql.Rows) error, text string, args ...any) error {
	rows, err := d.pool.QueryContext(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// inTx runs work in a transaction that is rolled back when work fails.
func (d *DB) inTx(ctx context.Context, work func(*sql.Tx) error) error {
	tx, err := d.pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := work(tx); err != nil {
		if undo := tx.Rollback(); undo != nil && !errors.Is(undo, sql.ErrTxDone) {
			return fmt.Errorf("%w (and the roll-back: %w)", err, undo)
		}
		return err
	}
	return tx.Commit()
}
