package mysql

import (
	"errors"

	driver "github.com/go-sql-driver/mysql"

	"github.com/whmcsync/whmcsync/internal/fault"
)

// ErrTooMany is the cause when more records changed than were asked for: a whole pass is the better answer.
var ErrTooMany = errors.New("more records changed than a small run should take")

// Server error numbers that their SQLSTATE does not classify, or classifies wrongly for us.
var classes = map[uint16]fault.Class{
	1040: fault.Transient, // too many connections
	1053: fault.Transient, // server shutdown in progress
	1203: fault.Transient, // max_user_connections
	1205: fault.Transient, // lock wait timeout
	1213: fault.Transient, // deadlock
	1226: fault.Transient, // a limit of the user's is used up
	1290: fault.Transient, // read-only, as in a fail-over
	1317: fault.Transient, // query interrupted
	1927: fault.Transient, // connection killed

	1044: fault.Auth, // no right to the database
	1045: fault.Auth, // wrong user or password
	1130: fault.Auth, // this host may not connect
	1142: fault.Auth, // no right to the table
	1143: fault.Auth, // no right to the column
	1227: fault.Auth, // a special right is needed
	1698: fault.Auth, // not by this way of signing in
	1820: fault.Auth, // the password must be changed
	1862: fault.Auth, // the password has expired
	3118: fault.Auth, // account locked (MySQL)
	4151: fault.Auth, // account locked (MariaDB)

	1364: fault.Refused, // no default for a column that we do not know
	1366: fault.Refused, // text that the column cannot hold
	1265: fault.Refused, // a value outside the enum
}

// fail classifies err; need and more are the rights that op rests on, for the hint. fail(…, nil) is nil.
func (d *DB) fail(op string, need right, err error, more ...right) error {
	if err == nil {
		return nil
	}
	if _, done := errors.AsType[*fault.Error](err); done {
		return err
	}
	class := classify(err)
	if class == fault.Auth {
		err = d.allow(err, append([]right{need}, more...)...)
	}
	return &fault.Error{Class: class, Account: d.name, Op: op, Err: err}
}

// allow adds to err the statements that give rights.
func (d *DB) allow(err error, rights ...right) error {
	return fault.Advise(err, "the database's administrator can allow it: "+d.grants(rights))
}

func classify(err error) fault.Class {
	answer, fromServer := errors.AsType[*driver.MySQLError](err)
	if !fromServer {
		return fault.Transient // the connection, or the caller's context
	}
	if class, known := classes[answer.Number]; known {
		return class
	}
	switch string(answer.SQLState[:2]) {
	case "28":
		return fault.Auth
	case "22", "23", "42":
		return fault.Refused
	}
	return fault.Transient
}
