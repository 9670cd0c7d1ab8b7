package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/go-sql-driver/mysql"
)

func serverError(number uint16, state string) error {
	e := &mysql.MySQLError{Number: number, Message: "whatever it says"}
	copy(e.SQLState[:], state)
	return e
}

func TestKindOf(t *testing.T) {
	for _, test := range []struct {
		err        error
		want       error // nil: that of the caller's context
		again      bool
		splittable bool
	}{
		{serverError(3024, "HY000"), ErrTimeout, false, false},
		{serverError(1969, "70100"), ErrTimeout, false, false},
		{serverError(1317, "70100"), ErrTimeout, false, false},
		{serverError(1205, "HY000"), ErrTimeout, false, false},
		{errGaveUp, ErrTimeout, false, false},
		{fmt.Errorf("%w: %w", errGaveUp, context.DeadlineExceeded), ErrTimeout, false, false},
		{context.Canceled, nil, false, false},
		{context.DeadlineExceeded, nil, false, false},
		{serverError(1064, "42000"), ErrQuery, false, false},
		{serverError(1146, "42S02"), ErrQuery, false, false},
		{serverError(1054, "42S22"), ErrQuery, false, false},
		{serverError(1142, "42000"), ErrUnavailable, false, false},
		{serverError(1143, "42000"), ErrUnavailable, false, false},
		{errTooLarge, ErrQuery, false, true},
		{errCrowding, ErrTimeout, false, true},
		{serverError(1792, "25006"), ErrQuery, false, false},
		{serverError(1690, "22003"), ErrQuery, false, true},
		{serverError(3141, "22032"), ErrQuery, false, true},
		{serverError(1242, "21000"), ErrQuery, false, true},
		{serverError(1644, "45000"), ErrQuery, false, true},
		{serverError(1030, "HY000"), ErrQuery, false, true},
		{serverError(3854, "HY000"), ErrQuery, false, true},
		{serverError(1267, "HY000"), ErrQuery, false, true},
		{serverError(1412, "HY000"), ErrQuery, true, false},
		{serverError(1153, "08S01"), ErrQuery, false, true},
		{mysql.ErrPktTooLarge, ErrQuery, false, true},
		{mismatch("no key column"), ErrQuery, false, false},
		{serverError(1053, "08S01"), ErrUnavailable, true, false},
		{serverError(1927, "70100"), ErrUnavailable, true, false},
		{serverError(4031, "HY000"), ErrUnavailable, true, false},
		{serverError(1226, "42000"), ErrUnavailable, false, false},
		{mysql.ErrInvalidConn, ErrUnavailable, true, false},
		{driver.ErrBadConn, ErrUnavailable, true, false},
		{io.ErrUnexpectedEOF, ErrUnavailable, true, false},
		{&net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)}, ErrUnavailable, true, false},
		{&refusal{serverError(1045, "28000")}, ErrUnavailable, false, false},
		{&refusal{serverError(1040, "08004")}, ErrUnavailable, false, false},
		{&refusal{syscall.ECONNREFUSED}, ErrUnavailable, false, false},
		{&refusal{context.DeadlineExceeded}, ErrUnavailable, false, false},
	} {
		if got := kindOf(test.err); got != test.want {
			t.Errorf("kindOf(%v) = %v, want %v", test.err, got, test.want)
		}
		if got := worthAnother(test.err); got != test.again {
			t.Errorf("worthAnother(%v) = %v, want %v", test.err, got, test.again)
		}
		err := named("load", test.err)
		if got := Splittable(err); got != test.splittable {
			t.Errorf("Splittable(%v) = %v, want %v", err, got, test.splittable)
		}
		if got, want := Lasting(err), test.err == errTooLarge || test.err == mysql.ErrPktTooLarge; got != want {
			t.Errorf("Lasting(%v) = %v, want %v", err, got, want)
		}
		if !errors.Is(err, test.err) || test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("named(%v) = %v wraps not both the cause and its kind", test.err, err)
		}
	}
	if named("load", nil) != nil || worthAnother(nil) || Splittable(nil) || Lasting(nil) {
		t.Error("no error is taken for one")
	}
}

func TestComplaints(t *testing.T) {
	src, err := parseDSN("shop:secret@tcp(db:3306)/wares")
	if err != nil {
		t.Fatal(err)
	}
	c := &connector{source: src}
	for _, test := range []struct {
		err  error
		want string
	}{
		{serverError(1045, "28000"), `MySQL refuses the password for user "shop" at db:3306`},
		{serverError(1049, "42000"), `MySQL does not let user "shop" into database "wares"`},
		{serverError(1040, "08004"), `MySQL has no connection left for us at db:3306`},
		{serverError(1130, "HY000"), `MySQL refuses connections from this host at db:3306`},
		{serverError(1251, "08004"), `MySQL refuses us at db:3306`},
		{serverError(1053, "08S01"), `MySQL cannot be reached at db:3306`},
		{errSilent, `MySQL does not answer at db:3306`},
		{context.DeadlineExceeded, `MySQL does not answer at db:3306`},
		{&net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}, `MySQL does not answer at db:3306`},
		{&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, `MySQL cannot be reached at db:3306`},
		{&net.DNSError{Name: "db"}, `MySQL cannot be reached at db:3306`},
	} {
		if got := c.explain(test.err); got != test.want {
			t.Errorf("explain(%v) = %s, want %s", test.err, got, test.want)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, o := range []Options{
		{},
		{DSN: "u@tcp(h)/d", MaxConns: 1},
		{DSN: "u@tcp(h)/d", QueryTimeout: 1e9},
		{DSN: "u@tcp(h)", MaxConns: 1, QueryTimeout: 1e9},
	} {
		if s, err := Open(o); err == nil {
			s.Close()
			t.Errorf("Open(%+v) worked", o)
		}
	}
}
