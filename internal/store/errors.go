package store

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/go-sql-driver/mysql"
)

// What a load can fail with, apart from the errors of its context. The cause
// is wrapped beside it.
var (
	// ErrUnavailable: MySQL cannot be reached, lets us not in, or hung up.
	ErrUnavailable = errors.New("store: MySQL is unavailable")

	// ErrTimeout: the query took longer than it may.
	ErrTimeout = errors.New("store: the query took too long")

	// ErrQuery: MySQL refuses the query, or its result is not what the catalog
	// says.
	ErrQuery = errors.New("store: the query failed")
)

var (
	errClosed = fmt.Errorf("%w: the store is closed", ErrUnavailable)
	errSilent = errors.New("no answer to a simple question")
	errGaveUp = errors.New("no answer when the limit and some grace were over")

	// errCrowding keeps a lookup from taking more slots.
	errCrowding = errors.New("half of the connections are taken by queries that were given up and that MySQL has yet to end, such of this lookup among them")
)

// A refusal is why a connection was not to be had.
type refusal struct{ cause error }

func (r *refusal) Error() string { return "no connection: " + r.cause.Error() }
func (r *refusal) Unwrap() error { return r.cause }

// A mismatch is a result that does not fit the catalog.
type mismatch string

func (m mismatch) Error() string { return string(m) }

// Error numbers of MySQL and MariaDB, by what they mean to us.
var (
	overdue = []uint16{
		1205, // lock wait timeout
		1317, // KILL QUERY, by an administrator or a watchdog
		1969, // MariaDB: max_statement_time
		3024, // MySQL: max_execution_time
	}
	hungUp = []uint16{
		1053, 1077, 1078, 1079, // shutting down
		1152, 1184, 1158, 1159, 1160, 1161, // connection aborted
		1226, // the user's quota of queries is used up
		1927, // MariaDB: connection was killed
		2006, 2013,
		3032, // offline mode
		4031, // idle for too long
	}
	again = []uint16{
		1020, 1213, // snapshot or lock conflict
		1412, // the table was altered after our snapshot began
		1615,
		1053, 1927, 4031, 2006, 2013,
	}
	// What an account may read is the administrator's to mend, as its password is:
	// asking again later helps.
	denied = []uint16{1142, 1143, 1370}
	barred = []uint16{1044, 1045, 1049, 1129, 1130, 1131, 1698, 1820, 1862, 3118, 3159, 4151}
	oneRow = []uint16{
		1030, 1034, 1194, 1712, // a damaged table or page
		1037, 1038, 1041, 1114, // memory or a temporary table too small
		1153, 1301, // a packet too large
	}
	noSuchText = []uint16{1267, 1270, 1271, 3854}
)

// is reports whether err is one of MySQL's own with one of these numbers.
func is(err error, numbers []uint16) bool {
	var e *mysql.MySQLError
	return errors.As(err, &e) && slices.Contains(numbers, e.Number)
}

// fromServer reports whether MySQL itself said err: the statement has ended.
func fromServer(err error) bool {
	var e *mysql.MySQLError
	return errors.As(err, &e)
}

// timedOut reports whether nobody answered.
func timedOut(err error) bool {
	var e net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &e) && e.Timeout()
}

// named wraps err with what was being done and with the sentinel it belongs to.
func named(doing string, err error) error {
	if err == nil {
		return nil
	}
	if kind := kindOf(err); kind != nil {
		return fmt.Errorf("%w: %s: %w", kind, doing, err)
	}
	return fmt.Errorf("store: %s: %w", doing, err)
}

// kindOf returns the sentinel of err, or nil for an error of the caller's context.
func kindOf(err error) error {
	var refused *refusal
	var wrong mismatch
	switch {
	case errors.As(err, &refused):
		return ErrUnavailable
	case errors.Is(err, errGaveUp), errors.Is(err, errCrowding), is(err, overdue):
		return ErrTimeout
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return nil
	case is(err, hungUp), is(err, denied):
		return ErrUnavailable
	case fromServer(err), errors.As(err, &wrong), errors.Is(err, mysql.ErrPktTooLarge), errors.Is(err, errTooLarge):
		return ErrQuery
	}
	return ErrUnavailable // the connection broke, in one of many ways
}

// worthAnother reports whether the same load may well work on another connection.
func worthAnother(err error) bool {
	if err == nil {
		return false
	}
	var refused *refusal
	if errors.As(err, &refused) || kindOf(err) == nil {
		return false
	}
	return is(err, again) || errors.Is(kindOf(err), ErrUnavailable) && !fromServer(err)
}

// Lasting reports whether a load of a single key that failed with err will do so until its rows are changed: they are
// larger than may be read.
func Lasting(err error) bool {
	return errors.Is(err, mysql.ErrPktTooLarge) || errors.Is(err, errTooLarge)
}

// Splittable reports whether err can lie in a single row or key, so that a load
// of several keys may be tried again in halves.
func Splittable(err error) bool {
	var e *mysql.MySQLError
	if !errors.As(err, &e) {
		return Lasting(err) || errors.Is(err, errCrowding)
	}
	switch string(e.SQLState[:2]) {
	case "21", "22", "45": // cardinality, data, SIGNAL in a stored function
		return true
	}
	return is(err, oneRow) || is(err, noSuchText)
}
