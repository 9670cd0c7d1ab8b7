package store

import (
	"context"
	"errors"
	"fmt"
)

// A complaint is a reason to have no connection, as an administrator would
// name it. The log tells each once, not each error.
type complaint uint8

const (
	unreachable complaint = iota
	silence
	crowded
	badPassword
	badDatabase
	badHost
	otherRefusal
)

func complaintOf(err error) complaint {
	switch {
	case is(err, []uint16{1040, 1203, 1226}):
		return crowded
	case is(err, []uint16{1045, 1698, 1820, 1862, 3118, 4151}):
		return badPassword
	case is(err, []uint16{1044, 1049}):
		return badDatabase
	case is(err, []uint16{1129, 1130, 1131, 3159}):
		return badHost
	case fromServer(err) && !is(err, hungUp):
		return otherRefusal
	case timedOut(err), errors.Is(err, errSilent), errors.Is(err, context.Canceled):
		return silence
	}
	return unreachable
}

// explain says in one line what is wrong. The error itself goes beside it.
func (c *connector) explain(err error) string {
	user, addr := c.source.config.User, c.source.config.Addr
	switch complaintOf(err) {
	case crowded:
		return "MySQL has no connection left for us at " + addr
	case badPassword:
		return fmt.Sprintf("MySQL refuses the password for user %q at %s", user, addr)
	case badDatabase:
		return fmt.Sprintf("MySQL does not let user %q into database %q", user, c.source.config.DBName)
	case badHost:
		return "MySQL refuses connections from this host at " + addr
	case otherRefusal:
		return "MySQL refuses us at " + addr
	case silence:
		return "MySQL does not answer at " + addr
	}
	return "MySQL cannot be reached at " + addr
}
