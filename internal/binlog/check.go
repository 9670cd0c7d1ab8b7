package binlog

import (
	"context"
	"fmt"
)

// Check tries whether a server can be followed, up to the first event. The error
// wraps ErrUnable where it is set up otherwise; warnings are for people.
func Check(ctx context.Context, e Endpoint) (warnings []string, err error) {
	s, err := connect(ctx, e)
	if err != nil {
		return nil, err
	}
	defer s.close()
	stop := context.AfterFunc(ctx, s.close)
	defer stop()
	of, err := s.inspect()
	if err != nil {
		return nil, err
	}
	at, err := s.here(of)
	if err != nil {
		return nil, err
	}
	if err := s.start(of, at); err != nil {
		return nil, err
	}
	if _, err := s.next(of.checksums); err != nil {
		return nil, err
	}
	return of.warnings(), nil
}

// warnings says what makes following coarser than it could be.
func (of *server) warnings() (all []string) {
	if of.rowImage != "FULL" && of.rowImage != "" {
		all = append(all, fmt.Sprintf("binlog_row_image=%s: where a changed row does not tell its key, the whole lookup goes stale; FULL is better", of.rowImage))
	}
	if !of.gtids {
		all = append(all, "gtid_mode is not ON: after a failover everything goes stale, and whether a commit is visible can only be guessed")
	}
	return all
}
